//! phoenix-config
