//! Listen keys: one per account, alive for an hour unless extended.

use std::collections::BTreeMap;

use crate::exchange::AccountId;
use crate::front::fail::Fail;

/// The keys alive.
#[derive(Debug)]
pub(crate) struct ListenKeys {
    life_ms: i64,
    issued: u64,
    keys: BTreeMap<AccountId, ListenKey>,
}

#[derive(Clone, Debug)]
struct ListenKey {
    text: String,
    expires_ms: i64,
}

impl ListenKeys {
    pub(crate) fn new(life_ms: i64) -> Self {
        Self {
            life_ms,
            issued: 0,
            keys: BTreeMap::new(),
        }
    }

    /// The account's key: the living one extended, or a fresh one.
    pub(crate) fn start(&mut self, account: AccountId, now_ms: i64) -> String {
        let expires_ms = now_ms + self.life_ms;
        self.issued += 1;
        let issued = self.issued;
        let key = self.keys.entry(account).or_insert_with(|| ListenKey {
            text: spell(issued, now_ms),
            expires_ms,
        });
        key.expires_ms = expires_ms;
        key.text.clone()
    }

    /// Extends the account's key.
    pub(crate) fn extend(&mut self, account: AccountId, now_ms: i64) -> Result<String, Fail> {
        let key = self.keys.get_mut(&account).ok_or_else(Fail::listen_key)?;
        key.expires_ms = now_ms + self.life_ms;
        Ok(key.text.clone())
    }

    /// Ends the account's key and returns it, if there was one.
    pub(crate) fn stop(&mut self, account: AccountId) -> Option<String> {
        self.keys.remove(&account).map(|key| key.text)
    }

    /// The account's key.
    pub(crate) fn key_of(&self, account: AccountId) -> Option<&str> {
        self.keys.get(&account).map(|key| key.text.as_str())
    }

    /// Removes and returns the keys whose time is up.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<(AccountId, String)> {
        let due: Vec<AccountId> = self
            .keys
            .iter()
            .filter(|(_, key)| key.expires_ms <= now_ms)
            .map(|(account, _)| *account)
            .collect();
        due.into_iter()
            .filter_map(|account| Some((account, self.keys.remove(&account)?.text)))
            .collect()
    }

    /// When the next key expires.
    pub(crate) fn next_expiry_ms(&self) -> Option<i64> {
        self.keys.values().map(|key| key.expires_ms).min()
    }
}

/// 64 letters and digits, as long as the real ones; deterministic, because
/// nothing about a simulated account is secret.
fn spell(issued: u64, now_ms: i64) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut state = issued ^ now_ms.unsigned_abs().rotate_left(20);
    (0..64)
        .map(|_| {
            // splitmix64: every bit of the seed reaches every letter.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let index = usize::try_from((mixed ^ (mixed >> 31)) % 62).unwrap_or_default();
            char::from(LETTERS[index])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_per_account_until_it_expires() {
        let (one, two) = (AccountId(1), AccountId(2));
        let mut keys = ListenKeys::new(3_600_000);
        let first = keys.start(one, 0);
        assert_eq!(first.len(), 64);
        assert_eq!(keys.start(one, 1_000), first);
        assert_ne!(keys.start(two, 1_000), first);
        assert_eq!(keys.key_of(one), Some(first.as_str()));
        assert_eq!(keys.extend(one, 10_000), Ok(first.clone()));
        assert_eq!(keys.next_expiry_ms(), Some(3_601_000));
        assert!(keys.expire(3_600_999).is_empty());
        assert_eq!(keys.expire(3_610_000).len(), 2);
        assert_eq!(keys.extend(one, 3_610_000), Err(Fail::listen_key()));
        assert_ne!(keys.start(one, 3_610_000), first);
        assert!(keys.stop(one).is_some());
        assert_eq!(keys.stop(one), None);
    }
}
