//! What only SQLite needs: its files, and the health check of its connections.

pub mod health_check;
pub mod migration_lock;
pub mod open_file;
pub mod path;
