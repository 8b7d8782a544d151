//! Generates cameras and events for demos, tests and measurements. The same seed gives the same events, bit for bit.

use anyhow::ensure;
use fastrand::Rng;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Builder;

use crate::api::session::Role;
use crate::server::accounts::api_token::{TokenOptions, create as create_token};
use crate::server::accounts::secret::{Secret, to_hex};
use crate::server::accounts::user::{self as accounts, NewUser};
use crate::server::db::entity::{api_token, camera, mark, user};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::event::Event;
use crate::server::ingest::sink::{EventWriter, KnownName};
use crate::server::ingest::summary::Summary;
use crate::server::ingest::summary::progress::Progress;

/// The demo of `serve --demo`.
pub const DEFAULT: Demo = Demo { events: 100_000, cameras: 8, days: 365, seed: 1 };

/// Camera names that are special in CSV: a comma, quotes, an umlaut, a formula.
const NAMES: [&str; 8] = [
    "Front Door",
    "Loading dock, north",
    "Küche",
    "Garden \"old tree\"",
    "Garage",
    "=Stairwell 2",
    "駐車場",
    "Driveway",
];

/// A day in microseconds.
const DAY: u64 = 24 * 3_600 * 1_000_000;

/// A hundred years. The start of such a range is always within the calendar.
const MAX_DAYS: u32 = 36_525;

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demo {
    /// The number of events.
    pub events: u64,
    /// The number of cameras.
    pub cameras: u32,
    /// The number of days that the events are spread over.
    pub days: u32,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Demo {
    /// Writes the cameras, and the events of the days before `now`.
    ///
    /// # Errors
    /// Returns an error if there are no cameras or the database is not writable. Nothing is changed then.
    pub async fn write(self, database: &Pool, now: UnixMicros) -> anyhow::Result<Summary> {
        self.write_with_mark(database, now, Mark::Never).await
    }

    /// Does [`Demo::write`], and in the same transaction marks the database as a demo, unless it has got contents meanwhile.
    ///
    /// # Errors
    /// Returns the errors of [`Demo::write`].
    pub async fn fill(self, database: &Pool, now: UnixMicros) -> anyhow::Result<Summary> {
        self.write_with_mark(database, now, Mark::IfUnused).await
    }

    async fn write_with_mark(self, database: &Pool, now: UnixMicros, mark: Mark) -> anyhow::Result<Summary> {
        ensure!(self.cameras > 0, "--cameras is 0; it must be at least 1, because each event has a camera");
        ensure!((1..=MAX_DAYS).contains(&self.days), "--days is {}; it must be from 1 to {MAX_DAYS}", self.days);
        let mut rng = Rng::with_seed(self.seed);
        let mut writer = EventWriter::begin(database).await?;
        if mark == Mark::IfUnused {
            mark_if_unused(writer.transaction()).await?;
        }
        let cameras = camera_ids(&mut rng, self.cameras);
        for (index, id) in (0..).zip(&cameras) {
            writer.camera(id, Some(&name(index)), KnownName::Replace).await?;
        }
        let progress = Progress::on_terminal();
        progress.begin_events(self.events);
        for timestamp in timestamps(&mut rng, self.events, self.days, now) {
            writer.event(event(&mut rng, &cameras, timestamp)).await?;
            progress.add(1);
        }
        progress.end();
        Ok(writer.commit().await?)
    }
}

/// Whether to mark the database as a demo.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Never,
    /// If it has no contents yet.
    IfUnused,
}

/// Returns whether the database has neither cameras nor events.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn is_empty(database: &impl ConnectionTrait) -> Result<bool, sea_orm::DbErr> {
    Ok(camera::Entity::find().count(database).await? == 0)
}

/// The mark of a database whose first contents were generated: nothing in it is real.
const DEMO_MARK: &str = "demo";

/// Marks a database that has no contents yet.
async fn mark_if_unused(database: &impl ConnectionTrait) -> Result<(), sea_orm::DbErr> {
    if !is_empty(database).await? || user::Entity::find().count(database).await? > 0 {
        return Ok(());
    }
    set_mark(database, DEMO_MARK).await
}

async fn set_mark(database: &impl ConnectionTrait, name: &str) -> Result<(), sea_orm::DbErr> {
    let mark = mark::ActiveModel { name: Set(name.to_owned()) };
    let once = OnConflict::column(mark::Column::Name).do_nothing().to_owned();
    mark::Entity::insert(mark).on_conflict(once).exec_without_returning(database).await.map(drop)
}

/// Returns whether the database is a demo. It is if it has the mark; or, from a version before marks, if it has exactly the default
/// demo's cameras, and no user but the demo's.
///
/// # Errors
/// Returns an error if the database is unavailable.
pub async fn is_demo(database: &Pool) -> Result<bool, sea_orm::DbErr> {
    if mark::Entity::find_by_id(DEMO_MARK).one(database).await?.is_some() {
        return Ok(true);
    }
    let mut generated = camera_ids(&mut Rng::with_seed(DEFAULT.seed), DEFAULT.cameras);
    generated.sort();
    let mut cameras: Vec<_> = camera::Entity::find().all(database).await?.into_iter().map(|camera| camera.id).collect();
    cameras.sort();
    let users = user::Entity::find().all(database).await?;
    Ok(cameras == generated && users.iter().all(|user| user.name == GUEST))
}

/// The user of a demo, and how to sign in as that user.
pub struct Guest {
    /// The user's name.
    pub name: &'static str,
    /// The user's password, new at each start.
    pub password: String,
    /// An access token of the user, new at each start.
    pub token: String,
}

/// The name of the demo's user, and of that user's token.
const GUEST: &str = "demo";

/// The start of the mark with the id of the demo's user. It distinguishes that user from one who was added under the same name.
const GUEST_MARK: &str = "demo_user:";

/// Creates the user of the demo, an administrator, or sets a new password. Returns `None` if the database is not a demo, or has
/// users but not this one.
///
/// # Errors
/// Returns an error if the database is not writable.
pub async fn invite(
    database: &Pool,
    password: Secret,
    token: Secret,
    now: UnixMicros,
) -> anyhow::Result<Option<Guest>> {
    if !is_demo(database).await? {
        return Ok(None);
    }
    set_mark(database, DEMO_MARK).await?;
    // As much as people are willing to type.
    let password = to_hex(&password.bits()[..8]);
    let guest = if accounts::has_no_users(database).await? {
        let new = NewUser { name: GUEST.to_owned(), role: Role::Admin, password: password.clone() };
        accounts::add(database, new, now).await?
    } else {
        let Some(guest) = find_guest(database).await? else { return Ok(None) };
        accounts::set_password(database, &guest, password.clone(), None).await?
    };
    let guest_mark = format!("{GUEST_MARK}{}", guest.id);
    let others = mark::Column::Name.starts_with(GUEST_MARK).and(mark::Column::Name.ne(&guest_mark));
    mark::Entity::delete_many().filter(others).exec(database).await?;
    set_mark(database, &guest_mark).await?;
    let old = api_token::Column::UserId.eq(guest.id).and(api_token::Column::Name.eq(GUEST));
    api_token::Entity::delete_many().filter(old).exec(database).await?;
    let token =
        create_token(database, &guest, TokenOptions { name: GUEST, ..TokenOptions::default() }, token, now).await?.text;
    Ok(Some(Guest { name: GUEST, password, token }))
}

/// Returns the user that [`invite`] created: by the mark; or, in a database of an older version, if it is the only user and has the
/// token that is created together with it.
async fn find_guest(database: &Pool) -> anyhow::Result<Option<accounts::User>> {
    let Ok(named) = accounts::by_name(database, GUEST).await else { return Ok(None) };
    let marks = mark::Entity::find().filter(mark::Column::Name.starts_with(GUEST_MARK)).all(database).await?;
    let is_guest = if marks.is_empty() {
        let created_with_it = api_token::Column::UserId.eq(named.id).and(api_token::Column::Name.eq(GUEST));
        user::Entity::find().count(database).await? == 1
            && api_token::Entity::find().filter(created_with_it).count(database).await? > 0
    } else {
        marks.iter().any(|mark| mark.name == format!("{GUEST_MARK}{}", named.id))
    };
    Ok(is_guest.then_some(named))
}

/// Returns the ids of `count` cameras. They are the first values from the generator.
fn camera_ids(rng: &mut Rng, count: u32) -> Vec<String> {
    (0..count).map(|_| Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string()).collect()
}

fn name(index: u32) -> String {
    let round = index as usize / NAMES.len();
    let name = NAMES[index as usize % NAMES.len()];
    if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) }
}

/// Returns timestamps of the days before `now`, in order; more by day than by night.
fn timestamps(rng: &mut Rng, count: u64, days: u32, now: UnixMicros) -> Vec<i64> {
    let mut timestamps: Vec<i64> = (0..count)
        .map(|_| {
            loop {
                let ago = rng.u64(1..=u64::from(days) * DAY);
                let timestamp = now.as_micros().saturating_sub_unsigned(ago);
                let hour = timestamp.rem_euclid(DAY.cast_signed()) / 3_600_000_000;
                if (6..22).contains(&hour) || rng.u8(..4) == 0 {
                    // Some cameras have timestamps in whole seconds.
                    break if rng.u8(..8) == 0 { timestamp - timestamp.rem_euclid(1_000_000) } else { timestamp };
                }
            }
        })
        .collect();
    timestamps.sort_unstable();
    timestamps
}

fn event(rng: &mut Rng, cameras: &[String], timestamp: i64) -> Event {
    // The smaller of two random values: the first cameras have more events.
    let camera = rng.usize(..cameras.len()).min(rng.usize(..cameras.len()));
    let (width, height) = (rng.i32(16..640), rng.i32(16..480));
    let sides = (rng.u8(..50) != 0).then(|| [rng.i32(0..=1_920 - width), rng.i32(0..=1_080 - height), width, height]);
    let zone = rng.u8(..3);
    Event {
        timestamp,
        id: Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid(),
        camera_id: cameras[camera].clone(),
        confidence: Some(f64::from(rng.u16(500..=1_000)) / 10.0),
        algorithm: ["MOG2", "KNN", "frame_diff"][rng.usize(..3)].to_owned(),
        x: sides.map(|sides| sides[0]),
        y: sides.map(|sides| sides[1]),
        width: sides.map(|sides| sides[2]),
        height: sides.map(|sides| sides[3]),
        zone_id: (zone > 0).then(|| format!("zone-{zone}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(seed: u64) -> Vec<Event> {
        let mut rng = Rng::with_seed(seed);
        let cameras = ["a".to_owned(), "b".to_owned()];
        timestamps(&mut rng, 500, 365, UnixMicros::new(1_765_000_000_000_000))
            .into_iter()
            .map(|timestamp| event(&mut rng, &cameras, timestamp))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        assert_eq!(generated(1), generated(1));
        assert_ne!(generated(1), generated(2));
    }

    #[test]
    fn events_are_in_order_within_the_year_and_their_boxes_within_the_frame() {
        let events = generated(3);
        assert!(events.is_sorted_by_key(|event| event.timestamp));
        let year_before = 1_765_000_000_000_000 - 365 * DAY.cast_signed() - 1_000_000;
        for event in events {
            assert!(event.timestamp >= year_before && event.timestamp < 1_765_000_000_000_000);
            if let (Some(x), Some(y), Some(width), Some(height)) = (event.x, event.y, event.width, event.height) {
                assert!(x >= 0 && y >= 0 && x + width <= 1_920 && y + height <= 1_080);
            }
        }
    }

    #[test]
    fn cameras_beyond_the_eighth_are_numbered() {
        assert_eq!(name(0), "Front Door");
        assert_eq!(name(8), "Front Door 2");
    }
}
