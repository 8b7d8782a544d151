//! The options of an import: detect sizes, names and ids of cameras.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::server::db::describe_error::describe_io;

/// The maximum width and height of a detect size.
const MAX_PIXELS: u32 = 65_535;

/// The size of the frames in which a camera's objects are detected, in pixels. Bounding boxes are fractions of it, and
/// Frigate's database does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl Size {
    fn new(width: u32, height: u32) -> Option<Self> {
        let range = 1..=MAX_PIXELS;
        (range.contains(&width) && range.contains(&height)).then_some(Self { width, height })
    }
}

/// The detect size of one camera, or of all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detect {
    camera: Option<String>,
    size: Size,
}

impl FromStr for Detect {
    type Err = String;

    /// Parses `WxH` or `CAM=WxH`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (camera, size) = text.rsplit_once('=').map_or((None, text), |(camera, size)| (Some(camera), size));
        let parsed = size.split_once(['x', 'X', '×']).and_then(|(width, height)| {
            let number =
                |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
            Size::new(number(width)?, number(height)?)
        });
        match parsed {
            Some(size) if camera != Some("") => Ok(Self { camera: camera.map(str::to_owned), size }),
            _ => Err("write a size as 1280x720, or as front=1280x720 for one camera".to_owned()),
        }
    }
}

/// The options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    camera_prefix: String,
    /// The detect size of cameras without another one.
    size: Option<Size>,
    /// The detect sizes that were given for one camera.
    sizes: HashMap<String, Size>,
    config: HashMap<String, CameraConfig>,
}

/// What is read of the configuration of a camera.
#[derive(Clone, Debug, Default)]
struct CameraConfig {
    size: Option<Size>,
    name: Option<String>,
}

impl Options {
    /// Returns options with these detect sizes. `config` is a file with Frigate's configuration as JSON; only detect
    /// sizes and names are read from it. `camera_prefix` is put before each name of a camera to get its id.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or if a camera has two sizes.
    pub fn new(detect: Vec<Detect>, config: Option<&Path>, camera_prefix: String) -> anyhow::Result<Self> {
        let mut options = Self { camera_prefix, ..Self::default() };
        for Detect { camera, size } in detect {
            let (before, whose) = match camera {
                Some(camera) => (options.sizes.insert(camera.clone(), size), format!("the camera {camera}")),
                None => (options.size.replace(size), "all cameras".to_owned()),
            };
            if let Some(before) = before.filter(|before| *before != size) {
                bail!("--detect has two sizes for {whose}, {before} and {size}; give one");
            }
        }
        if let Some(file) = config {
            options.config = read_config(file).with_context(|| format!("cannot read {}", file.display()))?;
        }
        Ok(options)
    }

    /// Returns the detect size of a camera: that given for it, else that of the configuration, else that given for all.
    pub fn detect_size(&self, camera: &str) -> Option<Size> {
        let of_config = || self.config.get(camera).and_then(|config| config.size);
        self.sizes.get(camera).copied().or_else(of_config).or(self.size)
    }

    /// Returns the cameras for which a detect size was given.
    pub fn named_cameras(&self) -> impl Iterator<Item = &String> {
        self.sizes.keys()
    }

    /// Returns the id under which a camera is stored.
    pub fn camera_id(&self, camera: &str) -> String {
        format!("{}{camera}", self.camera_prefix)
    }

    /// Returns the name of a camera in the configuration.
    pub fn camera_name(&self, camera: &str) -> Option<&str> {
        self.config.get(camera).and_then(|config| config.name.as_deref())
    }
}

/// Returns the options of a live source: what its configuration, the response of `/api/config`, says.
///
/// # Errors
/// Returns an error if it is not Frigate's configuration.
pub fn of_config(config: &[u8], camera_prefix: String) -> anyhow::Result<Options> {
    Ok(Options { camera_prefix, config: parse_config(config)?, ..Options::default() })
}

const EXPECTED: &str = "save the response of Frigate's API, which has the detect sizes in use: \
                        `curl http://frigate:5000/api/config > config.json`";

fn read_config(file: &Path) -> anyhow::Result<HashMap<String, CameraConfig>> {
    let text = std::fs::read(file).map_err(|error| anyhow!("{}", describe_io(&error)))?;
    parse_config(&text)
}

fn parse_config(text: &[u8]) -> anyhow::Result<HashMap<String, CameraConfig>> {
    #[derive(Deserialize)]
    struct Config {
        cameras: Option<HashMap<String, Camera>>,
    }
    #[derive(Deserialize)]
    struct Camera {
        detect: Option<Json>,
        friendly_name: Option<Json>,
    }
    // The error is not shown, because it could contain a value, such as a password.
    let config: Config = serde_json::from_slice(text).map_err(|_| {
        anyhow!("it is not Frigate's configuration as JSON (config.yml is YAML, which is not read); {EXPECTED}")
    })?;
    let cameras = config.cameras.ok_or_else(|| anyhow!("it has no cameras; {EXPECTED}"))?;
    Ok(cameras
        .into_iter()
        .map(|(camera, Camera { detect, friendly_name })| {
            let pixels = |name| u32::try_from(detect.as_ref()?.get(name)?.as_u64()?).ok();
            let size = pixels("width").zip(pixels("height")).and_then(|(width, height)| Size::new(width, height));
            let name = friendly_name.as_ref().and_then(Json::as_str).filter(|name| !name.is_empty()).map(str::to_owned);
            (camera, CameraConfig { size, name })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> Option<Size> {
        Size::new(width, height)
    }

    #[test]
    fn a_detect_size_is_that_of_one_camera_or_of_all_others() {
        let detect = ["1280x720", "front=704X480", "a=b=640×360"].map(|text| text.parse().expect(text));
        let options = Options::new(detect.to_vec(), None, "garage-".to_owned()).expect("options");
        assert_eq!(options.detect_size("front"), size(704, 480));
        assert_eq!(options.detect_size("a=b"), size(640, 360));
        assert_eq!(options.detect_size("back"), size(1_280, 720));
        assert_eq!(options.camera_id("front"), "garage-front");
        for bad in
            ["", "1280", "1280x", "x720", "0x720", "1280x0", "65536x1", "+1x1", "1 x 1", "=1280x720", "front=", "front"]
        {
            assert!(bad.parse::<Detect>().expect_err(bad).contains("front=1280x720"), "{bad}");
        }
    }

    #[test]
    fn two_sizes_of_one_camera_are_refused() {
        let new = |detect: [&str; 2]| {
            Options::new(detect.map(|text| text.parse().expect(text)).to_vec(), None, String::new())
        };
        for (detect, whose) in [(["1x1", "2x2"], "all cameras, 1x1 and 2x2"), (["a=1x1", "a=1x2"], "the camera a")] {
            assert!(new(detect).expect_err("two sizes").to_string().contains(whose));
        }
        new(["a=1x1", "a=1x1"]).expect("the same size");
    }

    #[test]
    fn sizes_and_names_are_read_from_the_configuration_and_nothing_else_is_shown() {
        let config = br#"{"mqtt": {"password": "secret"}, "cameras": {
            "front": {"detect": {"width": 1280, "height": 720, "fps": 5}, "friendly_name": "Front Door", "ffmpeg": {}},
            "back": {"detect": {"width": null, "height": 720}, "friendly_name": null},
            "side": {}}}"#;
        let mut options =
            Options { config: parse_config(config).expect("readable"), size: size(1, 1), ..Options::default() };
        assert_eq!(
            (options.detect_size("front"), options.camera_name("front")),
            (size(1_280, 720), Some("Front Door"))
        );
        assert_eq!((options.detect_size("back"), options.camera_name("back")), (size(1, 1), None));
        assert_eq!((options.detect_size("side"), options.camera_name("side")), (size(1, 1), None));
        options.sizes.insert("front".to_owned(), Size { width: 2, height: 2 });
        assert_eq!(options.detect_size("front"), size(2, 2), "that given for the camera");
        assert!(!format!("{options:?}").contains("secret"));
        for (bad, why) in [
            ("mqtt:\n  password: secret\n", "YAML"),
            ("{\"cameras\": {\"secret\": 7}}", "not Frigate's configuration"),
            ("[]", "not Frigate's configuration"),
            ("{}", "no cameras"),
        ] {
            let error = parse_config(bad.as_bytes()).expect_err(bad).to_string();
            assert!(error.contains(why) && error.contains("/api/config") && !error.contains("secret"), "{error}");
        }
    }
}
