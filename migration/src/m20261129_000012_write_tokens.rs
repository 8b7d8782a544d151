//! Adds to an access token what it is for: to read, or to send events; and the name of the source under which it sends them.
//!
//! A server of before this migration does not find a token to send events, because the hash of such a token is another one,
//! so it never takes it for one to read. Undoing the migration deletes these tokens.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = [
            "ALTER TABLE api_tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'read' CHECK (scope IN ('read', 'write'))",
            "ALTER TABLE api_tokens ADD COLUMN source TEXT NULL",
        ];
        for statement in add {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let remove = [
            "DELETE FROM api_tokens WHERE scope = 'write'",
            "ALTER TABLE api_tokens DROP COLUMN scope",
            "ALTER TABLE api_tokens DROP COLUMN source",
        ];
        for statement in remove {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
