//! The keys of PostgreSQL's advisory locks.

/// Held while migrations are applied.
pub const MIGRATION_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0001;

/// Held by an import.
pub const IMPORT_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0002;

/// Held while partitions are created or detached.
pub const PARTITION_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0003;

/// Held by the server or command that applies the retention rules, for a whole run.
pub const RETENTION_RUN_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0005;

/// Held by a transaction that deletes events, and by one that changes what is to be kept: a hold that is stored is kept.
pub const RETENTION_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0006;

/// Held by a transaction that writes live events. They exclude each other, so that two servers that are sent the same events
/// neither lock each other out nor store one twice, and wait for no import.
pub const LIVE_LOCK_KEY: i64 = 0x6d6f_7469_6f6e_0004;
