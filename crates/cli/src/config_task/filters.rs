//! The filters and prices of an exchange, by public calls without a key.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use phoenix_binance::client::{Client, ClientSpec};
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::ledger;
use phoenix_config::{SymbolMarket, Venue};
use phoenix_domain::{Instrument, InstrumentSpec, SymbolId, VenueMs};
use phoenix_live::Endpoints;

/// A check is no place to wait for long.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Everything the exchange lists, with present prices for `wanted`.
pub(super) fn listed(venue: &Venue, wanted: &[String]) -> Result<Vec<SymbolMarket>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let spec = ClientSpec {
        base_url: Endpoints::of(venue).rest_url,
        credentials: None,
        recv_window_ms: 5_000,
        timeout: TIMEOUT,
    };
    let clock = Arc::new(|| {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        VenueMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    });
    let client = Client::new(spec, clock, Arc::new(|_| {})).map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let asked = tokio::time::timeout(TIMEOUT * 2, ask(&client, wanted));
        asked.await.map_err(|_| "no answer in time".to_string())?
    })
}

async fn ask(client: &Client, wanted: &[String]) -> Result<Vec<SymbolMarket>, String> {
    let specs = client
        .instruments()
        .await
        .map_err(|error| error.to_string())?;
    let mut markets: Vec<SymbolMarket> = specs
        .into_iter()
        .map(|spec| SymbolMarket { spec, price: None })
        .collect();
    for market in &mut markets {
        if wanted.contains(&market.spec.symbol) {
            market.price = price(client, &market.spec).await;
        }
    }
    Ok(markets)
}

/// The mark price; without one the rules about notional are left out.
async fn price(client: &Client, spec: &InstrumentSpec) -> Option<phoenix_domain::Decimal> {
    let instrument = Instrument::new(SymbolId(0), spec.clone()).ok()?;
    let table = SymbolTable::new(&[instrument]);
    let symbol = Some(spec.symbol.as_str());
    let body = client.call(&Call::PremiumIndex { symbol }).await.ok()?;
    let premiums = ledger::premiums(&body, &table).ok()?;
    premiums.first().map(|premium| premium.mark)
}
