//! The keys of PostgreSQL's advisory locks.

/// The key of the advisory lock under which migrations are made.
pub const MIGRATION_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0001;

/// The key of the advisory lock that an import holds.
pub const IMPORT_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0002;

/// The key of the advisory lock under which partitions are made and detached.
pub const PARTITION_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0003;
