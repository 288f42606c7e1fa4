//! markouts
