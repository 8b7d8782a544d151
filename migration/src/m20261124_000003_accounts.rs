//! Creates the tables of accounts: users, sessions, access tokens, and which cameras a user may see. Secrets are stored
//! only as hashes.

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
                    .table("users")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("name").text().not_null().unique_key())
                    .col(ColumnDef::new("role").text().not_null().check(Expr::col("role").is_in(["admin", "user"])))
                    .col(ColumnDef::new("password_hash").text().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    .col(ColumnDef::new("id_hash").binary().not_null().primary_key())
                    .col(ColumnDef::new("user_id").uuid().null())
                    .col(ColumnDef::new("data").binary().not_null())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("last_seen_at").big_integer().not_null())
                    .col(ColumnDef::new("expires_at").big_integer().not_null())
                    .foreign_key(&mut owned_by_user("sessions"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_tokens")
                    .col(ColumnDef::new("id").uuid().not_null().primary_key())
                    .col(ColumnDef::new("user_id").uuid().not_null())
                    .col(ColumnDef::new("name").text().not_null())
                    .col(ColumnDef::new("token_hash").binary().not_null().unique_key())
                    .col(ColumnDef::new("created_at").big_integer().not_null())
                    .col(ColumnDef::new("expires_at").big_integer().null())
                    .col(ColumnDef::new("last_used_at").big_integer().null())
                    .col(ColumnDef::new("revoked_at").big_integer().null())
                    .foreign_key(&mut owned_by_user("api_tokens"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("camera_access")
                    .col(ColumnDef::new("user_id").uuid().not_null())
                    .col(ColumnDef::new("camera_id").text().not_null())
                    .primary_key(Index::create().col("user_id").col("camera_id"))
                    .foreign_key(&mut owned_by_user("camera_access"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("camera_access", "camera_id")
                            .to("cameras", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["camera_access", "api_tokens", "sessions", "users"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// A foreign key that deletes the row together with its user.
fn owned_by_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}
