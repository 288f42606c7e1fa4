//! The exchange's rules, each as a small scene with its outcome.

mod accounts;
mod matching;
mod whole;

use phoenix_domain::{Cash, Decimal, Price, Qty, Side, SymbolId, TimeInForce};

use crate::exchange::{
    AccountId, AccountSpec, AmendRequest, ClientOrderId, Exchange, ExchangeSpec, Liquidity,
    MarketSpec, OrderRef, OrderRequest, OrderState, OrderView, Outbox, Oversize, PriceMatch,
    Reject, UserEvent, VenueNs,
};
use crate::spec::SymbolSpec;

const ETH: SymbolId = SymbolId(0);
const START: VenueNs = VenueNs(1_788_231_600_000_000_000);

/// ETHUSDC with a mark price of 2600.00 and nobody but two accounts.
struct Scene {
    exchange: Exchange,
    now: VenueNs,
    ann: AccountId,
    bob: AccountId,
}

impl Scene {
    fn new() -> Self {
        Self::with(Oversize::Shrink, |_| {})
    }

    fn with(oversize: Oversize, change: impl Fn(&mut SymbolSpec)) -> Self {
        let mut symbol = SymbolSpec::named("ETHUSDC").expect("listed");
        change(&mut symbol);
        let price = Decimal(260_000_000_000);
        let mut exchange = Exchange::new(ExchangeSpec {
            start: START,
            seed: 1,
            markets: vec![MarketSpec {
                symbol,
                liquidity: Liquidity::None { price },
            }],
            recording: None,
            oversize,
            history_max: 100,
        })
        .expect("an exchange");
        let rich = AccountSpec {
            deposits: vec![("USDC".to_owned(), usdc("100000"))],
            ..AccountSpec::default()
        };
        let ann = exchange.open_account(START, &rich);
        let bob = exchange.open_account(START, &rich);
        exchange.drain(&mut Outbox::default());
        Self {
            exchange,
            now: START,
            ann,
            bob,
        }
    }

    fn place(&mut self, who: AccountId, order: OrderRequest) -> Result<OrderView, Reject> {
        self.exchange.place(self.now, who, &order)
    }

    fn must(&mut self, who: AccountId, order: OrderRequest) -> OrderView {
        self.place(who, order).expect("accepted")
    }

    fn amend(
        &mut self,
        who: AccountId,
        of: &OrderView,
        price: i64,
        qty: i64,
    ) -> Result<OrderView, Reject> {
        let request = AmendRequest {
            symbol: of.symbol,
            order: OrderRef::Id(of.order_id),
            side: of.side,
            price: Price(price),
            qty: Qty(qty),
            price_match: PriceMatch::None,
            modify_id: Some(7),
            reduce_only: None,
        };
        self.exchange.amend(self.now, who, &request)
    }

    fn state(&self, who: AccountId, order: &OrderView) -> OrderState {
        self.view(who, order).state
    }

    fn view(&self, who: AccountId, order: &OrderView) -> OrderView {
        self.exchange
            .order(who, order.symbol, OrderRef::Id(order.order_id))
            .expect("known")
    }

    fn position(&self, who: AccountId) -> Qty {
        self.exchange.positions(who, ETH)[0].qty
    }

    fn wallet(&self, who: AccountId) -> Cash {
        self.exchange.balances(who)[0].wallet
    }

    /// Since last asked, the user events of one account in one word each.
    fn heard(&mut self, who: AccountId) -> Vec<String> {
        let mut out = Outbox::default();
        self.exchange.drain(&mut out);
        out.user
            .iter()
            .filter_map(|event| word(event, who))
            .collect()
    }

    fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        self.exchange.advance(self.now);
    }
}

fn word(event: &UserEvent, who: AccountId) -> Option<String> {
    let (account, word) = match event {
        UserEvent::TradeLite { account, .. } => (account, "lite".to_owned()),
        UserEvent::AccountUpdate {
            account, reason, ..
        } => (account, format!("{reason:?}")),
        UserEvent::OrderUpdate {
            account,
            order,
            execution,
            reason,
            ..
        } => (
            account,
            format!("{execution:?} {:?} er{}", order.state, reason.digit()),
        ),
        UserEvent::MarginCall { account, .. } => (account, "call".to_owned()),
        UserEvent::LeverageChanged { account, .. } => (account, "leverage".to_owned()),
        UserEvent::MultiAssetsChanged { account, .. } => (account, "assets".to_owned()),
    };
    (*account == who).then_some(word)
}

fn limit(side: Side, price: i64, qty: i64, tif: TimeInForce) -> OrderRequest {
    OrderRequest::limit(ETH, side, Price(price), Qty(qty), tif)
}

fn buy(price: i64, qty: i64) -> OrderRequest {
    limit(Side::Buy, price, qty, TimeInForce::Gtc)
}

fn sell(price: i64, qty: i64) -> OrderRequest {
    limit(Side::Sell, price, qty, TimeInForce::Gtc)
}

fn reducing(order: OrderRequest) -> OrderRequest {
    OrderRequest {
        reduce_only: true,
        ..order
    }
}

fn named(order: OrderRequest, name: &str) -> OrderRequest {
    OrderRequest {
        client_id: ClientOrderId::new(name),
        ..order
    }
}

fn usdc(text: &str) -> Cash {
    Cash(Decimal::parse(text.as_bytes()).expect("a decimal").0)
}

fn code<T: std::fmt::Debug>(result: Result<T, Reject>) -> i32 {
    result.expect_err("refused").code
}
