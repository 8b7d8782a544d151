//! Which camera to export: one, or all of them.

use leptos::prelude::*;

use super::select_field::SelectField;
use crate::api::cameras::Camera;

/// A select of all cameras, with “All Cameras” first.
#[component]
pub fn CameraSelect(
    /// The cameras to choose from.
    cameras: Vec<Camera>,
    /// The id of the chosen camera; empty for all.
    value: RwSignal<String>,
) -> impl IntoView {
    let options = cameras.into_iter().map(|camera| {
        let label = label(&camera);
        view! { <option value=camera.id>{label}</option> }
    });
    view! {
        <SelectField id="camera" name="camera_id" label="Camera" value>
            <option value="">"All Cameras"</option>
            {options.collect_view()}
        </SelectField>
    }
}

/// What a camera is called, and whether it is gone.
pub fn label(camera: &Camera) -> String {
    match &camera.name {
        Some(name) => name.clone(),
        None => format!("{} (no longer there)", camera.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_gone_is_called_by_its_id_and_says_so() {
        let camera = |name: Option<&str>| Camera { id: "cam-1".to_owned(), name: name.map(str::to_owned) };
        assert_eq!(label(&camera(Some("Front Door"))), "Front Door");
        assert_eq!(label(&camera(None)), "cam-1 (no longer there)");
    }
}
