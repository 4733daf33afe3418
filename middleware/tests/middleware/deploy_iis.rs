//! The samples for IIS are what its modules take: IIS itself runs on Windows alone, and cannot be asked here.

use roxmltree::{Document, Node};

use self::Kind::{Bool, Number, OneOf, Text, TimeSpan};

const MODULE: &str = include_str!("../../../examples/deploy/iis/web.config");
const PLATFORM: &str = include_str!("../../../examples/deploy/iis/httpplatform/web.config");

/// What an attribute may hold.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    /// From, to.
    Number(u32, u32),
    /// `hours:minutes:seconds`, in whole minutes.
    TimeSpan,
    OneOf(&'static [&'static str]),
}

type Schema = &'static [(&'static str, Kind)];

const ASP_NET_CORE: Schema = &[
    ("processPath", Text),
    ("arguments", Text),
    ("startupTimeLimit", Number(0, 3600)),
    ("shutdownTimeLimit", Number(0, 600)),
    ("rapidFailsPerMinute", Number(0, 100)),
    ("requestTimeout", TimeSpan),
    ("stdoutLogEnabled", Bool),
    ("stdoutLogFile", Text),
    ("processesPerApplication", Number(1, 100)),
    ("forwardWindowsAuthToken", Bool),
    ("disableStartUpErrorPage", Bool),
    ("hostingModel", OneOf(&["InProcess", "OutOfProcess"])),
];

const HTTP_PLATFORM: Schema = &[
    ("processPath", Text),
    ("arguments", Text),
    ("startupTimeLimit", Number(0, 3600)),
    ("startupRetryCount", Number(0, 100)),
    ("rapidFailsPerMinute", Number(0, 100)),
    ("requestTimeout", TimeSpan),
    ("stdoutLogEnabled", Bool),
    ("stdoutLogFile", Text),
    ("processesPerApplication", Number(1, 100)),
    ("forwardWindowsAuthToken", Bool),
];

impl Kind {
    fn allows(self, value: &str) -> bool {
        match self {
            Text => true,
            Bool => matches!(value, "true" | "false"),
            Number(from, to) => value
                .parse()
                .is_ok_and(|number| (from..=to).contains(&number)),
            TimeSpan => {
                let parts: Vec<Option<u32>> =
                    value.split(':').map(|part| part.parse().ok()).collect();
                matches!(parts[..], [Some(_), Some(0..60), Some(0)])
            }
            OneOf(values) => values.contains(&value),
        }
    }
}

/// Returns the one element of that name.
fn only<'a>(document: &'a Document<'_>, name: &str) -> Node<'a, 'a> {
    let mut found = document
        .descendants()
        .filter(|node| node.has_tag_name(name));
    let first = found.next().unwrap_or_else(|| panic!("no <{name}>"));
    assert!(found.next().is_none(), "one <{name}> is enough");
    first
}

/// Checks the section of a module, and returns it.
fn section<'a>(document: &'a Document<'_>, name: &str, schema: Schema) -> Node<'a, 'a> {
    let section = only(document, name);
    assert!(section.parent().unwrap().has_tag_name("system.webServer"));
    for attribute in section.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        let known = schema.iter().find(|(known, _)| *known == name);
        let (_, kind) = known.unwrap_or_else(|| panic!("there is no attribute {name}"));
        assert!(kind.allows(value), "{name} cannot be {value:?}");
    }
    assert!(!section.attribute("processPath").unwrap().is_empty());
    let elements = |node: Node<'a, 'a>| node.children().filter(Node::is_element);
    for group in elements(section) {
        assert!(group.has_tag_name("environmentVariables"), "{group:?}");
        for variable in elements(group) {
            assert!(variable.has_tag_name("environmentVariable"));
            let names: Vec<_> = variable.attributes().map(|it| it.name()).collect();
            assert_eq!(names, ["name", "value"]);
            // What the module itself sets is not for the file.
            let name = variable.attribute("name").unwrap();
            assert!(!name.starts_with("ASPNETCORE_") && name != "HTTP_PLATFORM_PORT");
        }
    }
    let handler = only(document, "add");
    assert!(handler.parent().unwrap().has_tag_name("handlers"));
    for (name, value) in [
        ("path", "*"),
        ("verb", "*"),
        ("resourceType", "Unspecified"),
    ] {
        assert_eq!(handler.attribute(name), Some(value));
    }
    section
}

#[test]
fn the_sample_for_the_module_is_of_its_schema() {
    let document = Document::parse(MODULE).unwrap();
    let section = section(&document, "aspNetCore", ASP_NET_CORE);
    assert_eq!(section.attribute("hostingModel"), Some("OutOfProcess"));
    assert_eq!(section.attribute("forwardWindowsAuthToken"), Some("false"));
    let patience: u32 = section
        .attribute("shutdownTimeLimit")
        .unwrap()
        .parse()
        .unwrap();
    assert!(patience > 30, "a host drains for 30 s by default");
    let modules = only(&document, "add").attribute("modules");
    assert_eq!(modules, Some("AspNetCoreModuleV2"));
    let limit = only(&document, "requestLimits").attribute("maxAllowedContentLength");
    assert!(Number(0, u32::MAX).allows(limit.unwrap()));
}

#[test]
fn the_sample_for_http_platform_handler_is_of_its_schema() {
    let document = Document::parse(PLATFORM).unwrap();
    let section = section(&document, "httpPlatform", HTTP_PLATFORM);
    assert_eq!(section.attribute("forwardWindowsAuthToken"), Some("false"));
    let modules = only(&document, "add").attribute("modules");
    assert_eq!(modules, Some("httpPlatformHandler"));
}
