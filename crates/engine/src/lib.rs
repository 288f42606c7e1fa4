//! phoenix-engine
