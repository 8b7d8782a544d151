//! Made-up cameras and events: to look around, to test, to measure. The same seed gives the same events, to the bit.

use anyhow::ensure;
use fastrand::Rng;
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Builder;

use crate::api::session::Role;
use crate::server::accounts::api_token::create as create_token;
use crate::server::accounts::secret::{Secret, to_hex};
use crate::server::accounts::user::{self as accounts, NewUser};
use crate::server::db::entity::{api_token, camera, mark, motion_event, user};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::progress;
use crate::server::ingest::sink::{EventWriter, KnownName};
use crate::server::ingest::summary::Summary;

/// What the demo of `serve --demo` is made of.
pub const DEFAULT: Demo = Demo { events: 100_000, cameras: 8, days: 365, seed: 1 };

/// Names that a CSV has to get right: a comma, quotes, an umlaut, something that looks like a formula.
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

const DAY: u64 = 24 * 3_600 * 1_000_000;

/// A hundred years: whatever the end is, the beginning can be written.
const MAX_DAYS: u32 = 36_525;

/// How much to make, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demo {
    /// How many events.
    pub events: u64,
    /// How many cameras.
    pub cameras: u32,
    /// Over how many days.
    pub days: u32,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Demo {
    /// Writes the cameras, and the events of the days before `now`.
    ///
    /// # Errors
    /// Where there are no cameras, or the database cannot be written to; nothing has been changed then.
    pub async fn write(self, database: &Pool, now: UnixMicros) -> anyhow::Result<Summary> {
        self.write_and_mark(database, now, false).await
    }

    /// Fills a database that `serve --demo` has to itself: as [`Demo::write`], and marks the database in the same
    /// transaction, unless somebody has put something in it meanwhile.
    ///
    /// # Errors
    /// As [`Demo::write`].
    pub async fn fill(self, database: &Pool, now: UnixMicros) -> anyhow::Result<Summary> {
        self.write_and_mark(database, now, true).await
    }

    async fn write_and_mark(self, database: &Pool, now: UnixMicros, marks: bool) -> anyhow::Result<Summary> {
        ensure!(self.cameras > 0, "--cameras is 0; somebody has to see the events, so at least 1");
        ensure!((1..=MAX_DAYS).contains(&self.days), "--days is {}; it has to be from 1 to {MAX_DAYS}", self.days);
        let mut rng = Rng::with_seed(self.seed);
        let mut sink = EventWriter::begin(database, now).await?;
        if marks {
            mark_if_unused(sink.transaction()).await?;
        }
        let cameras = camera_ids(&mut rng, self.cameras);
        for (index, id) in (0..).zip(&cameras) {
            sink.camera(id, Some(&name(index)), KnownName::Replace).await?;
        }
        let bar = progress::of_events(self.events);
        for moment in moments(&mut rng, self.events, self.days, now) {
            sink.event(event(&mut rng, &cameras, moment)).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(sink.commit().await?)
    }
}

/// Whether the database has neither cameras nor events, so that a demo would not mix with anything.
///
/// # Errors
/// Where the database cannot be read.
pub async fn is_empty(database: &impl ConnectionTrait) -> Result<bool, sea_orm::DbErr> {
    Ok(camera::Entity::find().count(database).await? == 0)
}

/// The mark of a database whose first contents were made up here: nothing in it belongs to anybody.
const MARK: &str = "demo";

/// Marks a database in which there is nothing yet.
async fn mark_if_unused(database: &impl ConnectionTrait) -> Result<(), sea_orm::DbErr> {
    if !is_empty(database).await? || user::Entity::find().count(database).await? > 0 {
        return Ok(());
    }
    mark(database, MARK).await
}

async fn mark(database: &impl ConnectionTrait, name: &str) -> Result<(), sea_orm::DbErr> {
    let mark = mark::ActiveModel { name: Set(name.to_owned()) };
    let once = OnConflict::column(mark::Column::Name).do_nothing().to_owned();
    mark::Entity::insert(mark).on_conflict(once).exec_without_returning(database).await.map(drop)
}

/// Whether the database is a demo's: marked as one; or with the default demo's cameras and no others, and with no user but
/// the demo's, as `serve --demo` left it before there were marks.
///
/// # Errors
/// If the database cannot be read.
pub async fn is_demo(database: &Pool) -> Result<bool, sea_orm::DbErr> {
    if mark::Entity::find_by_id(MARK).one(database).await?.is_some() {
        return Ok(true);
    }
    let mut made_up = camera_ids(&mut Rng::with_seed(DEFAULT.seed), DEFAULT.cameras);
    made_up.sort();
    let mut cameras: Vec<_> = camera::Entity::find().all(database).await?.into_iter().map(|camera| camera.id).collect();
    cameras.sort();
    let users = user::Entity::find().all(database).await?;
    Ok(cameras == made_up && users.iter().all(|user| user.name == GUEST))
}

/// The user of a demo, and how to come in as that.
pub struct Guest {
    /// The user's name.
    pub name: &'static str,
    /// The user's password, new at each start.
    pub password: String,
    /// An access token of the user, new at each start.
    pub token: String,
}

/// What the user of a demo is called, and its token.
const GUEST: &str = "demo";

/// How the mark begins that has the id of the demo's user. A user of that name whom somebody added is another one.
const GUEST_MARK: &str = "demo_user:";

/// Creates the user of the demo, an administrator, or gives it a new password. `None` if the database is not a demo's, or if
/// it has users and the one that this created is not among them.
///
/// # Errors
/// If the database cannot be read or written to.
pub async fn invite(
    database: &Pool,
    password: Secret,
    token: Secret,
    now: UnixMicros,
) -> anyhow::Result<Option<Guest>> {
    if !is_demo(database).await? {
        return Ok(None);
    }
    mark(database, MARK).await?;
    // As many as people care to type.
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
    mark(database, &guest_mark).await?;
    let old = api_token::Column::UserId.eq(guest.id).and(api_token::Column::Name.eq(GUEST));
    api_token::Entity::delete_many().filter(old).exec(database).await?;
    let token = create_token(database, &guest, GUEST, None, token, now).await?.text;
    Ok(Some(Guest { name: GUEST, password, token }))
}

/// Finds the user that [`invite`] created: by its mark, or in a database that an older version made, by being its only user
/// and having the token that is made with it.
async fn find_guest(database: &Pool) -> anyhow::Result<Option<accounts::User>> {
    let Ok(named) = accounts::by_name(database, GUEST).await else { return Ok(None) };
    let marks = mark::Entity::find().filter(mark::Column::Name.starts_with(GUEST_MARK)).all(database).await?;
    let is_guest = if marks.is_empty() {
        let made_with_it = api_token::Column::UserId.eq(named.id).and(api_token::Column::Name.eq(GUEST));
        user::Entity::find().count(database).await? == 1
            && api_token::Entity::find().filter(made_with_it).count(database).await? > 0
    } else {
        marks.iter().any(|mark| mark.name == format!("{GUEST_MARK}{}", named.id))
    };
    Ok(is_guest.then_some(named))
}

/// The ids of so many cameras, which are the first that are drawn.
fn camera_ids(rng: &mut Rng, count: u32) -> Vec<String> {
    (0..count).map(|_| Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string()).collect()
}

fn name(index: u32) -> String {
    let round = index as usize / NAMES.len();
    let name = NAMES[index as usize % NAMES.len()];
    if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) }
}

/// Moments of the days before `now`, in order; more by day than by night.
fn moments(rng: &mut Rng, count: u64, days: u32, now: UnixMicros) -> Vec<i64> {
    let mut moments: Vec<i64> = (0..count)
        .map(|_| {
            loop {
                let ago = rng.u64(1..=u64::from(days) * DAY);
                let moment = now.as_micros().saturating_sub_unsigned(ago);
                let hour = moment.rem_euclid(DAY.cast_signed()) / 3_600_000_000;
                if (6..22).contains(&hour) || rng.u8(..4) == 0 {
                    // Some cameras tell time by the second only.
                    break if rng.u8(..8) == 0 { moment - moment.rem_euclid(1_000_000) } else { moment };
                }
            }
        })
        .collect();
    moments.sort_unstable();
    moments
}

fn event(rng: &mut Rng, cameras: &[String], timestamp: i64) -> motion_event::Model {
    // The busier ones first: the smaller of two draws.
    let camera = rng.usize(..cameras.len()).min(rng.usize(..cameras.len()));
    let (width, height) = (rng.i32(16..640), rng.i32(16..480));
    let sides = (rng.u8(..50) != 0).then(|| [rng.i32(0..=1_920 - width), rng.i32(0..=1_080 - height), width, height]);
    let zone = rng.u8(..3);
    motion_event::Model {
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
        created_at: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(seed: u64) -> Vec<motion_event::Model> {
        let mut rng = Rng::with_seed(seed);
        let cameras = ["a".to_owned(), "b".to_owned()];
        moments(&mut rng, 500, 365, UnixMicros::new(1_765_000_000_000_000))
            .into_iter()
            .map(|moment| event(&mut rng, &cameras, moment))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_events_and_another_seed_others() {
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }

    #[test]
    fn events_are_in_order_within_the_year_and_their_boxes_within_the_frame() {
        let events = made(3);
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
