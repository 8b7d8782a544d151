//! Creates a table of marks. A mark is a fact about the whole database, such as that `demo` created it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = ColumnDef::new("name").text().not_null().primary_key().to_owned();
        manager.create_table(Table::create().table("marks").col(name).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("marks").to_owned()).await
    }
}
