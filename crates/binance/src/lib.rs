//! phoenix-binance
