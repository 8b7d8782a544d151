//! Adds to an export record the user's name, which outlasts the account, and how the user was authenticated. Adds an
//! index on the digest of the file. No earlier version wrote records.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const BY_TIME: &str = "exports_started_at_id";
const BY_DIGEST: &str = "exports_sha256";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let via = ColumnDef::new("via").text().not_null().default("session").to_owned();
        for column in [ColumnDef::new("user_name").text().null().to_owned(), via] {
            manager.alter_table(Table::alter().table("exports").add_column(column).to_owned()).await?;
        }
        let by_time = Index::create().name(BY_TIME).table("exports").col("started_at").col("id").to_owned();
        manager.create_index(by_time).await?;
        manager.create_index(Index::create().name(BY_DIGEST).table("exports").col("sha256").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in [BY_TIME, BY_DIGEST] {
            manager.drop_index(Index::drop().name(index).table("exports").to_owned()).await?;
        }
        for column in ["via", "user_name"] {
            manager.alter_table(Table::alter().table("exports").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
