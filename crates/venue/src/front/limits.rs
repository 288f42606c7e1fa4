//! Request weight by address and order counts by account, in fixed aligned
//! windows, with the ban that follows from ignoring a 429.
//!
//! What a peer gets wrong is remembered for as long as a ban can last and no
//! longer; the number of addresses remembered is bounded.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::front::fail::Fail;

/// Most addresses remembered; beyond it the longest silent one is forgotten.
const PEERS_MAX: usize = 4_096;

/// How much a peer or an account may ask, and what ignoring it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Request weight a minute and address.
    pub weight_per_minute: u32,
    /// New orders and amendments in ten seconds and account.
    pub orders_per_10s: u32,
    /// New orders and amendments a minute and account.
    pub orders_per_minute: u32,
    /// Calls of the funding-history routes in five minutes and address.
    pub funding_calls_per_5m: u32,
    /// Refused requests within a minute after which the address is banned.
    pub refusals_before_ban: u32,
    /// First ban; each further one doubles, up to three days.
    pub first_ban_ms: i64,
}

impl Default for RateLimits {
    /// The production venue's values.
    fn default() -> Self {
        Self {
            weight_per_minute: 2_400,
            orders_per_10s: 300,
            orders_per_minute: 1_200,
            funding_calls_per_5m: 500,
            refusals_before_ban: 30,
            first_ban_ms: 120_000,
        }
    }
}

const BAN_MS_MAX: i64 = 3 * 24 * 3_600_000;

/// A count that starts anew at each multiple of its length.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    index: i64,
    count: u32,
}

impl Window {
    fn at(&mut self, now_ms: i64, length_ms: i64) -> &mut u32 {
        let index = now_ms.div_euclid(length_ms);
        if self.index != index {
            *self = Self { index, count: 0 };
        }
        &mut self.count
    }
}

#[derive(Debug, Default)]
struct Peer {
    weight: Window,
    funding_calls: Window,
    refusals: Window,
    bans: u32,
    banned_until_ms: i64,
    seen_ms: i64,
}

#[derive(Debug, Default)]
struct Account {
    per_10s: Window,
    per_minute: Window,
}

/// The running counts.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: RateLimits,
    peers: BTreeMap<IpAddr, Peer>,
    accounts: BTreeMap<u32, Account>,
}

impl Meter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            peers: BTreeMap::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> &RateLimits {
        &self.limits
    }

    /// Charges a request to its address.
    pub(crate) fn charge(&mut self, peer: IpAddr, weight: u32, now_ms: i64) -> Result<(), Fail> {
        let limit = self.limits.weight_per_minute;
        self.refuse_banned(peer, now_ms)?;
        let used = self.peer(peer, now_ms).weight.at(now_ms, 60_000);
        *used = used.saturating_add(weight);
        if *used <= limit {
            return Ok(());
        }
        self.refused(peer, now_ms)?;
        Err(Fail::too_much_weight(limit))
    }

    /// Charges a call of the funding-history routes, which have a pool of
    /// their own.
    pub(crate) fn charge_funding(&mut self, peer: IpAddr, now_ms: i64) -> Result<(), Fail> {
        let limit = self.limits.funding_calls_per_5m;
        self.refuse_banned(peer, now_ms)?;
        let used = self.peer(peer, now_ms).funding_calls.at(now_ms, 300_000);
        *used = used.saturating_add(1);
        if *used <= limit {
            return Ok(());
        }
        self.refused(peer, now_ms)?;
        Err(Fail::too_much_weight(limit))
    }

    /// Charges new orders or amendments to their account.
    pub(crate) fn charge_orders(
        &mut self,
        account: u32,
        in_10s: u32,
        in_minute: u32,
        now_ms: i64,
    ) -> Result<(), Fail> {
        let limits = self.limits;
        let counts = self.accounts.entry(account).or_default();
        let ten = counts.per_10s.at(now_ms, 10_000);
        if *ten + in_10s > limits.orders_per_10s {
            return Err(Fail::too_many_orders(limits.orders_per_10s, "TEN_SECONDS"));
        }
        let minute = counts.per_minute.at(now_ms, 60_000);
        if *minute + in_minute > limits.orders_per_minute {
            return Err(Fail::too_many_orders(limits.orders_per_minute, "MINUTE"));
        }
        *ten += in_10s;
        *minute += in_minute;
        Ok(())
    }

    /// Weight used by the address in the current minute.
    pub(crate) fn weight_used(&mut self, peer: IpAddr, now_ms: i64) -> u32 {
        *self.peer(peer, now_ms).weight.at(now_ms, 60_000)
    }

    /// Orders counted in the current ten seconds and minute.
    pub(crate) fn orders_used(&mut self, account: u32, now_ms: i64) -> (u32, u32) {
        let counts = self.accounts.entry(account).or_default();
        (
            *counts.per_10s.at(now_ms, 10_000),
            *counts.per_minute.at(now_ms, 60_000),
        )
    }

    /// Seconds until the address may ask again.
    pub(crate) fn retry_after_s(&self, peer: IpAddr, now_ms: i64) -> i64 {
        let window_end = 60_000 - now_ms.rem_euclid(60_000);
        let ban = self
            .peers
            .get(&peer)
            .map_or(0, |peer| peer.banned_until_ms - now_ms);
        (window_end.max(ban) + 999) / 1_000
    }

    fn refuse_banned(&mut self, peer: IpAddr, now_ms: i64) -> Result<(), Fail> {
        let until = self.peer(peer, now_ms).banned_until_ms;
        if now_ms >= until {
            return Ok(());
        }
        // Hammering during a ban ends in a longer one.
        self.refused(peer, now_ms)?;
        Err(Fail::banned(peer, until))
    }

    /// Counts a refusal; too many within a minute are a ban.
    fn refused(&mut self, address: IpAddr, now_ms: i64) -> Result<(), Fail> {
        let limits = self.limits;
        let peer = self.peer(address, now_ms);
        let refusals = peer.refusals.at(now_ms, 60_000);
        *refusals += 1;
        if *refusals < limits.refusals_before_ban {
            return Ok(());
        }
        *refusals = 0;
        let length = limits.first_ban_ms << peer.bans.min(20);
        peer.bans += 1;
        peer.banned_until_ms = now_ms + length.min(BAN_MS_MAX);
        Err(Fail::banned(address, peer.banned_until_ms))
    }

    fn peer(&mut self, address: IpAddr, now_ms: i64) -> &mut Peer {
        if self.peers.len() >= PEERS_MAX && !self.peers.contains_key(&address) {
            let silent = self.peers.iter().min_by_key(|(_, peer)| peer.seen_ms);
            if let Some(address) = silent.map(|(address, _)| *address) {
                self.peers.remove(&address);
            }
        }
        let peer = self.peers.entry(address).or_default();
        peer.seen_ms = now_ms;
        peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn weight_is_refused_then_banned_then_forgiven() {
        let limits = RateLimits {
            weight_per_minute: 10,
            refusals_before_ban: 3,
            ..RateLimits::default()
        };
        let mut meter = Meter::new(limits);
        assert_eq!(meter.charge(PEER, 10, 1_000), Ok(()));
        for _ in 0..2 {
            assert_eq!(meter.charge(PEER, 1, 1_000).expect_err("over").status, 429);
        }
        let ban = meter.charge(PEER, 1, 1_000).expect_err("banned");
        assert_eq!((ban.status, ban.code), (418, -1003));
        assert!(ban.msg.contains("banned until 121000."), "{}", ban.msg);
        assert_eq!(meter.retry_after_s(PEER, 1_000), 120);
        assert_eq!(
            meter.charge(PEER, 1, 120_999).expect_err("still").status,
            418
        );
        assert_eq!(meter.charge(PEER, 10, 121_000), Ok(()));
        for _ in 0..3 {
            let _ = meter.charge(PEER, 1, 121_000);
        }
        let second = meter.charge(PEER, 1, 122_000).expect_err("banned again");
        assert!(
            second.msg.contains("banned until 361000."),
            "{}",
            second.msg
        );
    }

    #[test]
    fn windows_are_aligned_and_apart() {
        let limits = RateLimits {
            orders_per_10s: 5,
            orders_per_minute: 6,
            ..RateLimits::default()
        };
        let mut meter = Meter::new(limits);
        assert_eq!(meter.charge_orders(1, 5, 1, 9_999), Ok(()));
        let fail = meter
            .charge_orders(1, 1, 1, 9_999)
            .expect_err("ten seconds");
        assert_eq!(
            fail.msg,
            "Too many new orders; current limit is 5 orders per TEN_SECONDS."
        );
        assert_eq!(meter.charge_orders(1, 5, 5, 10_000), Ok(()));
        assert_eq!(meter.orders_used(1, 10_000), (5, 6));
        assert!(meter.charge_orders(1, 1, 1, 20_000).is_err());
        assert_eq!(meter.charge_orders(2, 1, 1, 20_000), Ok(()));
        assert_eq!(meter.charge_orders(1, 1, 1, 60_000), Ok(()));
    }
}
