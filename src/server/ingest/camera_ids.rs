//! The ids of cameras, some of which are UUIDs in several spellings.

use std::collections::HashMap;

use uuid::Uuid;

/// Maps the ids of cameras in a source to the ids under which they are stored. A UUID may be written in several ways.
#[derive(Debug, Default)]
pub struct CameraIds {
    /// The stored ids by the ids in the source.
    stored: HashMap<String, String>,
    /// The stored ids of the first camera with each UUID.
    by_uuid: HashMap<Uuid, String>,
}

impl CameraIds {
    /// Adds a camera.
    pub fn insert(&mut self, id: String, stored: String) {
        if let Ok(uuid) = Uuid::try_parse(&id) {
            self.by_uuid.entry(uuid).or_insert_with(|| stored.clone());
        }
        self.stored.insert(id, stored);
    }

    /// Returns the stored id of the camera with exactly this id.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.stored.get(id).map(String::as_str)
    }

    /// Returns the stored id of the first camera with the same UUID, however either is written.
    pub fn get_by_uuid(&self, id: &str) -> Option<&str> {
        Uuid::try_parse(id).ok().and_then(|uuid| self.by_uuid.get(&uuid)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_camera_with_a_uuid_is_found_by_every_spelling() {
        let mut ids = CameraIds::default();
        ids.insert("0000000A-0000-0000-0000-000000000000".to_owned(), "first".to_owned());
        ids.insert("0000000a-0000-0000-0000-000000000000".to_owned(), "second".to_owned());
        ids.insert("front".to_owned(), "third".to_owned());
        assert_eq!(ids.get_by_uuid("0000000a000000000000000000000000"), Some("first"));
        assert_eq!(ids.get("0000000a-0000-0000-0000-000000000000"), Some("second"));
        assert_eq!((ids.get("front"), ids.get_by_uuid("front")), (Some("third"), None));
    }
}
