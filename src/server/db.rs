//! The database: connections, what its errors mean, and the tables.

pub mod clock;
pub mod connect;
pub mod contents;
pub mod describe_error;
pub mod entity;
pub mod error;
pub mod locks;
pub mod partitions;
pub mod pool;
pub mod postgres;
pub mod sqlite;
pub mod timeouts;
pub mod unix_micros;
pub mod url;
