//! phoenix-venue
