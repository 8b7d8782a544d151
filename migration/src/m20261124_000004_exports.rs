//! Creates the table of export records: who exported what, when, and whether the file is complete. A record is kept
//! when its user is deleted, because it is evidence.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("exports")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("user_id").uuid().null())
                    // The selection, as the query string of the export.
                    .col(ColumnDef::new("query").text().not_null())
                    .col(ColumnDef::new("state").text().not_null().check(Expr::col("state").is_in([
                        "running",
                        "completed",
                        "cancelled",
                        "failed",
                        "timed_out",
                        "interrupted",
                    ])))
                    .col(ColumnDef::new("rows").big_integer().not_null().default(0))
                    .col(ColumnDef::new("bytes").big_integer().not_null().default(0))
                    .col(ColumnDef::new("sha256").binary().null())
                    .col(ColumnDef::new("started_at").big_integer().not_null())
                    .col(ColumnDef::new("heartbeat_at").big_integer().not_null())
                    .col(ColumnDef::new("finished_at").big_integer().null())
                    .col(ColumnDef::new("error").text().null())
                    .foreign_key(
                        ForeignKey::create()
                            .from("exports", "user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::SetNull),
                    )
                    .to_owned(),
            )
            .await?;
        // For the slots in use, and for a user's history, newest first.
        manager
            .create_index(
                Index::create()
                    .name("exports_user_id_started_at_id")
                    .table("exports")
                    .col("user_id")
                    .col("started_at")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("exports_state_heartbeat_at")
                    .table("exports")
                    .col("state")
                    .col("heartbeat_at")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("exports").to_owned()).await
    }
}
