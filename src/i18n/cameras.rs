//! The names of cameras.

use crate::api::cameras::Camera;
use crate::api::language::Language;

impl Language {
    /// Returns the name of a camera. A camera that does not exist has its id with a remark.
    pub fn camera(self, camera: &Camera) -> String {
        match (self, &camera.name) {
            (_, Some(name)) => name.clone(),
            (Self::English, None) => format!("{} (no longer exists)", camera.id),
            (Self::German, None) => format!("{} (nicht mehr vorhanden)", camera.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_does_not_exist_is_named_by_its_id_with_a_remark() {
        let camera = |name: Option<&str>| Camera { id: "cam-1".to_owned(), name: name.map(str::to_owned) };
        assert_eq!(Language::German.camera(&camera(Some("Front Door"))), "Front Door");
        assert_eq!(Language::English.camera(&camera(None)), "cam-1 (no longer exists)");
        assert_eq!(Language::German.camera(&camera(None)), "cam-1 (nicht mehr vorhanden)");
    }
}
