//! Operations a second of the exchange's core on one thread: orders placed,
//! cancelled, amended and matched, with everything a client would get for
//! them (acknowledgements, fills, fees, margin checks, histories).
//!
//! `cargo bench -p phoenix-venue --bench matching -- [millions of operations]`

use std::time::Instant;

use phoenix_domain::{Cash, Decimal, Price, Qty, Side, SymbolId, TimeInForce};
use phoenix_venue::exchange::{
    AccountId, AccountSpec, AmendRequest, ClientOrderId, Exchange, ExchangeSpec, Liquidity,
    MarketSpec, OrderRef, OrderRequest, Outbox, Oversize, PriceMatch, Reject, VenueNs,
};
use phoenix_venue::matching::{Book, Handle};
use phoenix_venue::spec::SymbolSpec;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const START: VenueNs = VenueNs(1_788_231_600_000_000_000);
/// Ten accounts, each near the 200 open orders that the exchange allows.
const ACCOUNTS: usize = 10;
const RESTING: usize = 1_500;
const MID: i64 = 261_000;

#[derive(Default)]
struct Tally {
    placed: u64,
    cancelled: u64,
    amended: u64,
    refused: u64,
    fills: u64,
    events: u64,
}

/// Random numbers as cheap as they get, and client ids made beforehand: making
/// either is not what is measured.
struct Script {
    rng: Xoshiro256PlusPlus,
    names: Vec<ClientOrderId>,
    next_name: usize,
}

impl Script {
    fn new() -> Self {
        let name = |number| ClientOrderId::new(&format!("phx-t3k9z1-{number:x}"));
        Self {
            rng: Xoshiro256PlusPlus::seed_from_u64(7),
            names: (0..1 << 16).filter_map(name).collect(),
            next_name: 0,
        }
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u32) -> i64 {
        ((u64::from(self.rng.random::<u32>()) * u64::from(bound)) >> 32) as i64
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    fn account(&mut self) -> AccountId {
        AccountId(self.below(ACCOUNTS as u32) as u32)
    }

    fn name(&mut self) -> Option<ClientOrderId> {
        self.next_name = (self.next_name + 1) % self.names.len();
        Some(self.names[self.next_name])
    }
}

struct Run {
    exchange: Exchange,
    script: Script,
    open: Vec<(AccountId, u64, Side)>,
    out: Outbox,
    now: VenueNs,
    mid: i64,
    tally: Tally,
}

impl Run {
    fn new() -> Self {
        let mut symbol = SymbolSpec::named("ETHUSDC").expect("listed");
        symbol.maker_fee = phoenix_domain::Rate(20_000);
        let price = Decimal(261_000_000_000);
        let mut exchange = Exchange::new(ExchangeSpec {
            start: START,
            seed: 1,
            markets: vec![MarketSpec {
                symbol,
                liquidity: Liquidity::None { price },
            }],
            recording: None,
            oversize: Oversize::Shrink,
            history_max: 1_000,
        })
        .expect("an exchange");
        let spec = AccountSpec {
            deposits: vec![("USDC".to_owned(), Cash(1_000_000_000_000_000))],
            ..AccountSpec::default()
        };
        for _ in 0..ACCOUNTS {
            exchange.open_account(START, &spec);
        }
        Self {
            exchange,
            script: Script::new(),
            open: Vec::new(),
            out: Outbox::default(),
            now: START,
            mid: MID,
            tally: Tally::default(),
        }
    }

    /// 46 % passive orders, 34 % cancels, 10 % amendments, 10 % takers; more
    /// cancels above the wanted depth, more orders below.
    fn operate(&mut self) {
        let chance = self.script.below(100);
        let crowded = self.open.len() > RESTING;
        match chance {
            0..10 => self.take(),
            10..20 => self.amend(),
            20..54 => self.cancel(),
            54..80 if crowded => self.cancel(),
            _ => self.place(),
        }
        self.now.0 += 2_000;
    }

    fn place(&mut self) {
        let (who, side) = (self.script.account(), self.script.side());
        // More of them near the middle.
        let away = 1 + self.script.below(600) * self.script.below(600) / 600;
        let price = Price(self.mid - side.sign() * away);
        let qty = Qty(10 + self.script.below(390));
        let order = OrderRequest {
            client_id: self.script.name(),
            ..OrderRequest::limit(SymbolId(0), side, price, qty, TimeInForce::PostOnly)
        };
        match self.exchange.place(self.now, who, &order) {
            Ok(view) => {
                self.open.push((who, view.order_id, side));
                self.tally.placed += 1;
            }
            Err(_) => self.tally.refused += 1,
        }
    }

    fn take(&mut self) {
        let (who, side) = (self.script.account(), self.script.side());
        let price = Price(self.mid + side.sign() * 12);
        let qty = Qty(10 + self.script.below(1_490));
        let order = OrderRequest {
            client_id: self.script.name(),
            ..OrderRequest::limit(SymbolId(0), side, price, qty, TimeInForce::Ioc)
        };
        match self.exchange.place(self.now, who, &order) {
            Ok(_) => self.tally.placed += 1,
            Err(_) => self.tally.refused += 1,
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let open = self.open.len() as u32;
        (open > 0).then(|| self.script.below(open) as usize)
    }

    fn cancel(&mut self) {
        let Some(at) = self.pick() else {
            return self.place();
        };
        let (who, id, _) = self.open.swap_remove(at);
        match self
            .exchange
            .cancel(self.now, who, SymbolId(0), OrderRef::Id(id))
        {
            Ok(_) => self.tally.cancelled += 1,
            Err(_) => self.tally.refused += 1,
        }
    }

    fn amend(&mut self) {
        let Some(at) = self.pick() else {
            return self.place();
        };
        let (who, id, side) = self.open[at];
        let away = 1 + self.script.below(300);
        let request = AmendRequest {
            symbol: SymbolId(0),
            order: OrderRef::Id(id),
            side,
            price: Price(self.mid - side.sign() * away),
            qty: Qty(10 + self.script.below(390)),
            price_match: PriceMatch::None,
            modify_id: None,
            reduce_only: None,
        };
        match self.exchange.amend(self.now, who, &request) {
            Ok(_) => self.tally.amended += 1,
            Err(reject) => {
                // Gone by a fill: what a client learns from its own stream.
                if reject.code == Reject::NO_SUCH_ORDER.code {
                    self.open.swap_remove(at);
                }
                self.tally.refused += 1;
            }
        }
    }

    fn read_events(&mut self) {
        self.exchange.drain(&mut self.out);
        self.tally.events += (self.out.user.len() + self.out.market.len()) as u64;
        let traded = |event: &&phoenix_venue::exchange::MarketEvent| {
            matches!(event, phoenix_venue::exchange::MarketEvent::Traded(_))
        };
        self.tally.fills += self.out.market.iter().filter(traded).count() as u64;
        if self.script.below(320) == 0 {
            self.mid += self.script.below(7) - 3;
            self.mid = self.mid.clamp(MID - 9_000, MID + 9_000);
        }
    }
}

fn main() {
    let millions: u64 = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(5);
    bare_book(millions);
    whole_core(millions);
}

fn whole_core(millions: u64) {
    let mut run = Run::new();
    let mut slots = Vec::new();
    let (mut spent_s, mut worked_s) = (0.0, 0.0);
    for million in 0..millions {
        let started = Instant::now();
        let worked = cpu_s();
        for batch in 0..(1_000_000 / 10) {
            for _ in 0..10 {
                run.operate();
            }
            std::hint::black_box(batch);
            run.read_events();
        }
        spent_s += started.elapsed().as_secs_f64();
        worked_s += cpu_s() - worked;
        if (million + 1).is_power_of_two() || million + 1 == millions {
            slots.push((million + 1, run.exchange.order_slots(), resident_mb()));
        }
    }
    let tally = &run.tally;
    let (rate, own) = (millions as f64 / spent_s, millions as f64 / worked_s);
    println!("exchange core: {rate:.2} M operations/s over {millions} M, one thread");
    println!("  {own:.2} M operations per second of processor time");
    println!(
        "  {} placed, {} cancelled, {} amended, {} refused, {} trades, {} events",
        tally.placed, tally.cancelled, tally.amended, tally.refused, tally.fills, tally.events
    );
    for (million, slots, resident_mb) in slots {
        println!("  after {million} M: {slots} order slots, {resident_mb:.1} MB resident");
    }
}

/// The book alone: queues and levels, nobody told.
fn bare_book(millions: u64) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut book = Book::new(Price(MID));
    let mut open: Vec<Option<Handle>> = Vec::new();
    let started = Instant::now();
    for number in 0..millions * 1_000_000 {
        match rng.random_range(0..100) {
            0..10 => {
                let side = if rng.random() { Side::Buy } else { Side::Sell };
                if let Some(first) = book.first(side)
                    && book.fill(first.handle, Qty(first.qty.0.min(5)))
                {
                    open[first.owner as usize] = None;
                }
            }
            10..54 if open.len() > 16 => {
                let at = rng.random_range(0..open.len());
                if let Some(handle) = open[at].take() {
                    book.remove(handle);
                }
            }
            _ => {
                let side = if rng.random() { Side::Buy } else { Side::Sell };
                let away = 1 + (rng.random::<f64>() * rng.random::<f64>() * 600.0) as i64;
                let at = if open.len() < RESTING {
                    open.push(None);
                    open.len() - 1
                } else {
                    rng.random_range(0..open.len())
                };
                if open[at].is_none() {
                    let price = Price(MID - side.sign() * away);
                    open[at] = Some(book.add(side, price, Qty(100), at as u32));
                }
            }
        }
        std::hint::black_box(number);
    }
    let rate = millions as f64 / started.elapsed().as_secs_f64();
    println!(
        "bare book: {rate:.1} M operations/s, {} slots",
        book.slots()
    );
}

/// What this thread has used of a processor: other programs on the machine
/// count less in it.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns: f64 = stat
        .split(' ')
        .next()
        .and_then(|ns| ns.parse().ok())
        .unwrap_or(f64::NAN);
    ns / 1e9
}

fn resident_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0.0);
    pages * 4096.0 / 1e6
}
