//! Events that were left out because their cameras are not known, until they are.

use std::collections::{HashMap, HashSet};

use sea_orm::{DbErr, EntityTrait, QuerySelect};

use super::context::FollowContext;
use crate::server::db::entity::camera;

/// The cameras that are stored, and the keys of events of others.
#[derive(Debug, Default)]
pub struct Refused {
    known: HashSet<String>,
    keys: HashMap<String, Vec<String>>,
}

impl Refused {
    /// Notes an event that will be left out if its camera is not known.
    pub fn note(&mut self, camera_id: &str, key: &str) {
        if !self.known.contains(camera_id) {
            self.keys.entry(camera_id.to_owned()).or_default().push(key.to_owned());
        }
    }

    /// Reads which cameras are known. Returns the keys of events whose cameras were not known before.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn refresh(&mut self, context: &FollowContext) -> Result<Vec<String>, DbErr> {
        let ids = camera::Entity::find().select_only().column(camera::Column::Id).into_tuple::<String>();
        self.known = ids.all(&*context.writer).await?.into_iter().collect();
        let known = &self.known;
        let now_known: Vec<_> = self.keys.extract_if(|camera, _| known.contains(camera)).collect();
        Ok(now_known.into_iter().flat_map(|(_, keys)| keys).collect())
    }

    /// Forgets the events.
    pub fn clear(&mut self) {
        self.keys.clear();
    }
}
