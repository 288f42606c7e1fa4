//! What must be known before the first quote: the clock, the instruments, the
//! account's modes, fees and wallets.

use std::sync::Arc;

use phoenix_binance::client::{Client, ClientError};
use phoenix_binance::limits::Ceilings;
use phoenix_binance::symbols::SymbolTable;
use phoenix_binance::wire::call::Call;
use phoenix_binance::wire::{ledger, metadata};
use phoenix_config::{Config, SymbolConfig};
use phoenix_domain::{AccountSnapshot, Balance, Decimal, Instrument, InstrumentSpec, SymbolId};
use phoenix_engine::SymbolSettings;

use crate::run::RunError;
use crate::settings::symbol_settings;

/// Everything start-up learnt.
pub(crate) struct Learnt {
    pub(crate) table: Arc<SymbolTable>,
    pub(crate) symbols: Vec<(Instrument, SymbolSettings)>,
    pub(crate) ceilings: Ceilings,
    /// `None` without keys.
    pub(crate) account: Option<(AccountSnapshot, Vec<Balance>)>,
}

/// Asks the exchange for all of it.
pub(crate) async fn learn(
    client: &Client,
    config: &Config,
    has_keys: bool,
) -> Result<Learnt, RunError> {
    client.measure_clock().await?;
    let call = Call::ExchangeInfo;
    let body = client.call(&call).await?;
    let info = metadata::exchange_info(&body).map_err(|error| ClientError::Unreadable {
        path: call.route().path,
        error,
    })?;
    let instruments = instruments(config, &info.instruments)?;
    let table = Arc::new(SymbolTable::new(&instruments));
    let account = if has_keys {
        Some(account(client, &table).await?)
    } else {
        None
    };
    let mut symbols = Vec::new();
    for (symbol, instrument) in config.symbols.iter().zip(instruments) {
        let reference = mark_price(client, &table, instrument.id).await?;
        let settings = symbol_settings(config, symbol, reference);
        symbols.push((instrument, settings));
    }
    let limits = info.limits;
    let usual = Ceilings::default();
    Ok(Learnt {
        table,
        symbols,
        ceilings: Ceilings {
            weight_1m: limits.weight_1m.unwrap_or(usual.weight_1m),
            orders_10s: limits.orders_10s.unwrap_or(usual.orders_10s),
            orders_1m: limits.orders_1m.unwrap_or(usual.orders_1m),
            ..usual
        },
        account,
    })
}

/// The configured symbols as the exchange describes them; every problem at
/// once.
fn instruments(config: &Config, listed: &[InstrumentSpec]) -> Result<Vec<Instrument>, RunError> {
    let mut problems = Vec::new();
    let mut instruments = Vec::new();
    for (symbol, id) in config.symbols.iter().zip(0..) {
        let name = &symbol.symbol;
        let Some(spec) = listed.iter().find(|spec| spec.symbol == *name) else {
            problems.push(format!("{name} is not listed by the exchange"));
            continue;
        };
        problems.extend(mismatches(symbol, spec));
        match Instrument::new(SymbolId(id), spec.clone()) {
            Ok(instrument) => instruments.push(instrument),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    if problems.is_empty() {
        Ok(instruments)
    } else {
        Err(RunError::Unfit { problems })
    }
}

fn mismatches(symbol: &SymbolConfig, spec: &InstrumentSpec) -> Vec<String> {
    let name = &symbol.symbol;
    let mut problems = Vec::new();
    if let Some(tick) = symbol.tick_size
        && tick != spec.tick
    {
        let theirs = spec.tick;
        problems.push(format!(
            "{name}: tick_size is {tick}, the exchange's is {theirs}"
        ));
    }
    if let Some(min_qty) = symbol.min_qty
        && min_qty < spec.qty_min
    {
        let theirs = spec.qty_min;
        problems.push(format!(
            "{name}: min_qty is {min_qty}, at least {theirs} is allowed"
        ));
    }
    if !spec.trading {
        problems.push(format!("{name} does not trade at the moment"));
    }
    problems
}

async fn account(
    client: &Client,
    table: &SymbolTable,
) -> Result<(AccountSnapshot, Vec<Balance>), RunError> {
    let account = client.account_config().await?;
    let mut problems = Vec::new();
    if account.hedge_mode {
        problems.push("the account is in hedge mode; switch it to one-way mode".to_owned());
    }
    if account.multi_asset {
        problems.push("the account is in multi-asset mode; switch it to single-asset".to_owned());
    }
    if !account.can_trade {
        problems.push("the account or the key may not trade futures".to_owned());
    }
    for mode in client.symbol_modes(table).await? {
        if !mode.crossed {
            let name = table.instrument(mode.symbol).symbol();
            problems.push(format!("{name} is on isolated margin; switch it to cross"));
        }
    }
    if !problems.is_empty() {
        return Err(RunError::Unfit { problems });
    }
    Ok((account, client.balances(table).await?))
}

async fn mark_price(
    client: &Client,
    table: &SymbolTable,
    id: SymbolId,
) -> Result<Decimal, RunError> {
    let symbol = table.instrument(id).symbol();
    let call = Call::PremiumIndex {
        symbol: Some(symbol),
    };
    let path = call.route().path;
    let body = client.call(&call).await?;
    let unreadable = |error| ClientError::Unreadable { path, error };
    let premiums = ledger::premiums(&body, table).map_err(unreadable)?;
    let found = premiums.iter().find(|premium| premium.symbol == id);
    found
        .map(|premium| premium.mark)
        .ok_or_else(|| RunError::Unfit {
            problems: vec![format!("the exchange has no mark price of {symbol}")],
        })
}
