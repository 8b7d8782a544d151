//! The texts of the page about the server's own certificate authority.

use crate::api::language::Language;

/// The texts.
pub struct Texts {
    pub title: &'static str,
    pub lead: &'static str,
    pub download: &'static str,
    pub compare: &'static str,
    /// Each system, and how the certificate is installed there.
    pub systems: [(&'static str, &'static str); 6],
    pub risk: &'static str,
    pub to_sign_in: &'static str,
    /// Before the link to this page, on the sign-in.
    pub browser_warns: &'static str,
    pub what_to_do: &'static str,
}

pub static ENGLISH: Texts = Texts {
    title: "Trust this server",
    lead: "The connection to this server is encrypted, but browsers do not know who issued its certificate, so they warn. Install \
           the certificate of its authority once on each device, and the warning is gone.",
    download: "Download the certificate",
    compare: "Before you install it, compare its SHA-256 fingerprint with the one that the server printed when it started:",
    systems: [
        (
            "Windows",
            "Open the file, choose Install Certificate, Local Machine, and place it in Trusted Root Certification Authorities.",
        ),
        ("macOS", "Open the file, add it to the keychain System, open it there, and set Trust to Always Trust."),
        (
            "iPhone, iPad",
            "Download it in Safari. Install the profile in Settings, then switch it on in Settings → General → About → \
             Certificate Trust Settings.",
        ),
        ("Android", "Settings → Security → Encryption & credentials → Install a certificate → CA certificate."),
        ("Firefox", "Settings → Privacy & Security → View Certificates → Authorities → Import. Trust it for websites."),
        ("curl", "Give the file to each call: curl --cacert motion-export-ca.crt …"),
    ],
    risk: "Who has the key of this authority can pretend to be any site for the devices on which it is installed. The key is only on \
           the server, in a file that only its user may read. Remove the certificate from your devices when you no longer use \
           this server.",
    to_sign_in: "Go to the sign-in",
    browser_warns: "Does your browser warn about the certificate?",
    what_to_do: "What to do",
};

pub static GERMAN: Texts = Texts {
    title: "Diesem Server vertrauen",
    lead: "Die Verbindung zu diesem Server ist verschlüsselt, aber Browser kennen die Stelle nicht, die sein Zertifikat ausgestellt \
           hat, und warnen deshalb. Installieren Sie deren Zertifikat einmal auf jedem Gerät, dann entfällt die Warnung.",
    download: "Zertifikat herunterladen",
    compare: "Vergleichen Sie vor der Installation den SHA-256-Fingerabdruck mit dem, den der Server beim Start ausgegeben hat:",
    systems: [
        (
            "Windows",
            "Öffnen Sie die Datei, wählen Sie „Zertifikat installieren“, „Lokaler Computer“ und als Speicher \
             „Vertrauenswürdige Stammzertifizierungsstellen“.",
        ),
        (
            "macOS",
            "Öffnen Sie die Datei, fügen Sie sie dem Schlüsselbund „System“ hinzu, öffnen Sie sie dort und wählen Sie unter \
             „Vertrauen“ „Immer vertrauen“.",
        ),
        (
            "iPhone, iPad",
            "Laden Sie es in Safari herunter. Installieren Sie das Profil in den Einstellungen und aktivieren Sie es unter \
             „Allgemein“ → „Info“ → „Zertifikatsvertrauenseinstellungen“.",
        ),
        (
            "Android",
            "„Einstellungen“ → „Sicherheit“ → „Verschlüsselung und Anmeldedaten“ → „Zertifikat installieren“ → \
             „CA-Zertifikat“.",
        ),
        (
            "Firefox",
            "„Einstellungen“ → „Datenschutz & Sicherheit“ → „Zertifikate anzeigen“ → „Zertifizierungsstellen“ → \
             „Importieren“. Vertrauen Sie ihm für Websites.",
        ),
        ("curl", "Geben Sie die Datei bei jedem Aufruf an: curl --cacert motion-export-ca.crt …"),
    ],
    risk: "Wer den Schlüssel dieser Zertifizierungsstelle hat, kann sich gegenüber den Geräten, auf denen sie installiert ist, als \
           jede beliebige Website ausgeben. Der Schlüssel liegt nur auf dem Server, in einer Datei, die nur dessen Benutzer \
           lesen darf. Entfernen Sie das Zertifikat von Ihren Geräten, wenn Sie den Server nicht mehr verwenden.",
    to_sign_in: "Zur Anmeldung",
    browser_warns: "Warnt Ihr Browser vor dem Zertifikat?",
    what_to_do: "Was zu tun ist",
};

impl Language {
    /// Returns the texts about the server's own certificate authority.
    pub fn tls(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}
