//! phoenix-live
