//! phoenix-lab
