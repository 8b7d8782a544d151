//! Parts that only SQLite needs: its files and health checks.

pub mod health_check;
pub mod migration_lock;
pub mod open_file;
pub mod path;
