//! The pages of an open database, and where its trees of events are.

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SqliteQueryBuilder};
use sea_orm::{EntityName, IdenStatic};

use super::btree_page::BtreePage;
use super::cursor::{BtreePages, ReadError, Tree};
use super::record::KeyOrder;
use crate::server::db::entity::motion_event::{Column, Entity};
use crate::server::export::event::SELECTED_COLUMNS;
use crate::server::export::reader::sqlite::statement::failed;
use crate::server::export::reader::time_slice::{TimeSlice, interrupted};
use crate::server::export::reader::worker_threads;

/// The number of pages after which other threads may use the core: some 0.2 ms with the work on their events.
const PAGES_PER_YIELD: u32 = 16;

/// The position of the number of bytes at the end of each page that are not SQLite's, in the header of the file:
/// <https://www.sqlite.org/fileformat2.html#the_database_header>.
const RESERVED_BYTES: usize = 20;

/// The position of the schema cookie, which changes whenever the schema does, or where its trees are.
const SCHEMA_COOKIE: usize = 40;

/// The trees of the events, of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trees {
    schema_cookie: u32,
    /// The table.
    pub by_time: Option<Tree>,
    /// The index that begins with the camera.
    pub by_camera: Option<Tree>,
}

/// The pages as of the transaction of a connection.
pub struct DatabasePages<'a> {
    statement: CachedStatement<'a>,
    slice: &'a TimeSlice,
    reserved_bytes: usize,
    pages_read: u32,
}

impl<'a> DatabasePages<'a> {
    /// Prepares to read pages, until the time slice ends. A transaction must have begun.
    ///
    /// # Errors
    /// Returns an error if this SQLite does not provide the pages.
    pub fn new(connection: &'a Connection, slice: &'a TimeSlice) -> Result<Self, ReadError> {
        let (data, number) = (Alias::new("data"), Expr::col(Alias::new("pgno")));
        let page = Query::select().column(data).from(Alias::new("sqlite_dbpage")).and_where(number.eq(1)).to_owned();
        let (sql, _) = page.build(SqliteQueryBuilder);
        Ok(Self { statement: connection.prepare_cached(&sql)?, slice, reserved_bytes: 0, pages_read: 0 })
    }

    /// Finds the trees. `known` are those that were found before; they are the same if the schema is.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read.
    pub fn trees(&mut self, connection: &Connection, known: Option<Trees>) -> Result<Trees, ReadError> {
        let mut first = Vec::new();
        self.read_bytes(1, &mut first)?;
        let header = || {
            let cookie = first.get(SCHEMA_COOKIE..)?.first_chunk()?;
            Some((u32::from_be_bytes(*cookie), usize::from(*first.get(RESERVED_BYTES)?)))
        };
        let (schema_cookie, reserved_bytes) = header().ok_or(ReadError::Unexpected)?;
        self.reserved_bytes = reserved_bytes;
        match known {
            Some(trees) if trees.schema_cookie == schema_cookie => Ok(trees),
            _ => {
                let [table, index] = find_roots(connection)?;
                let by_time = table.map(|root| Tree { root, order: KeyOrder::Time });
                let by_camera = index.map(|root| Tree { root, order: KeyOrder::Camera });
                Ok(Trees { schema_cookie, by_time, by_camera })
            }
        }
    }

    fn read_bytes(&mut self, number: u32, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        let mut rows = self.statement.query([number])?;
        let row = rows.next()?.ok_or(ReadError::Unexpected)?;
        let ValueRef::Blob(page) = row.get_ref(0)? else { return Err(ReadError::Unexpected) };
        bytes.clear();
        bytes.extend_from_slice(page);
        Ok(())
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(failed(&error))
    }
}

impl BtreePages for DatabasePages<'_> {
    fn read(&mut self, number: u32, page: &mut BtreePage) -> Result<(), ReadError> {
        self.pages_read = self.pages_read.wrapping_add(1);
        if self.pages_read.is_multiple_of(PAGES_PER_YIELD) {
            worker_threads::yield_cpu();
        }
        if self.slice.should_stop() {
            return Err(ReadError::Database(interrupted()));
        }
        self.read_bytes(number, &mut page.bytes)?;
        page.decode(self.reserved_bytes).ok_or(ReadError::Unexpected)
    }
}

/// Returns the roots of the table and of its index that begins with the camera, if their records have the expected columns.
fn find_roots(connection: &Connection) -> rusqlite::Result<[Option<u32>; 2]> {
    let table = Entity.table_name();
    let declared = connection
        .prepare("SELECT name, type FROM pragma_table_info(?1, 'main')")?
        .query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let is_as_declared = SELECTED_COLUMNS
        .iter()
        .all(|column| declared.iter().any(|(name, kind)| name == column.as_str() && kind == declared_type(*column)));
    if !is_as_declared {
        return Ok([None; 2]);
    }
    let tables = "SELECT name, rootpage FROM pragma_table_list(?1) AS list JOIN main.sqlite_schema USING (name, type)
         WHERE list.schema = 'main' AND type = 'table' AND wr";
    let indexes = "SELECT name, rootpage FROM pragma_index_list(?1, 'main') JOIN main.sqlite_schema USING (name)
         WHERE type = 'index' AND origin = 'c' AND NOT partial";
    let mut columns_of_index = SELECTED_COLUMNS;
    columns_of_index[..3].rotate_right(1);
    Ok([find_root(connection, tables, &SELECTED_COLUMNS)?, find_root(connection, indexes, &columns_of_index)?])
}

/// Returns the root of the first of these trees whose records have the expected columns.
fn find_root(connection: &Connection, trees: &str, columns: &[Column]) -> rusqlite::Result<Option<u32>> {
    let mut statement = connection.prepare(trees)?;
    let mut rows = statement.query([Entity.table_name()])?;
    while let Some(row) = rows.next()? {
        if has_columns(connection, row.get_ref(0)?.as_str()?, columns)? {
            return row.get(1).map(Some);
        }
    }
    Ok(None)
}

/// Returns whether the records of an index, or of a table WITHOUT ROWID, have these columns, in this order, and no others.
fn has_columns(connection: &Connection, name: &str, columns: &[Column]) -> rusqlite::Result<bool> {
    let stored = connection
        .prepare("SELECT name FROM pragma_index_xinfo(?1, 'main') WHERE NOT \"desc\" ORDER BY seqno")?
        .query_map([name], |row| row.get::<_, Option<String>>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(stored.iter().map(Option::as_deref).eq(columns.iter().map(|column| Some(column.as_str()))))
}

/// Returns the type with which the migrations declare a column. It decides how SQLite stores a number.
fn declared_type(column: Column) -> &'static str {
    match column {
        Column::Id => "BLOB",
        Column::Confidence => "REAL",
        _ => "INTEGER",
    }
}
