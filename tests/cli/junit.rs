//! `junit.xml` and `--junit FILE`: what CI is told, read back with a parser of XML.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use quick_xml::events::{BytesStart, Event};
use serde_json::json;

use crate::scene::{Scene, appears};
use crate::world::World;

/// One test case: how it ended, as `failure rejected`, and all text in it.
#[derive(Debug, Default, PartialEq)]
struct Case {
    class: String,
    ending: String,
    message: String,
    text: String,
}

/// A document of ours, read back.
#[derive(Debug, Default)]
struct Results {
    suite: BTreeMap<String, String>,
    properties: BTreeMap<String, String>,
    cases: BTreeMap<String, Case>,
}

impl Results {
    /// Panics where the document is not well formed, or where its counts are not those of its cases.
    #[track_caller]
    fn read(document: &str) -> Self {
        let mut results = Self::default();
        let mut reader = quick_xml::Reader::from_str(document);
        reader.config_mut().expand_empty_elements = true;
        let mut name = String::new();
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{document}")) {
                Event::Start(start) => name = results.element(&start, name),
                Event::Text(text) if !name.is_empty() => {
                    results.cases.get_mut(&name).unwrap().text.push_str(&text.xml10_content());
                }
                Event::End(end) if end.name().as_ref() == "testcase" => name.clear(),
                Event::Eof => break,
                _ => {}
            }
        }
        let ends = |word: &str| results.cases.values().filter(|case| case.ending.starts_with(word)).count().to_string();
        assert_eq!(results.suite["tests"], results.cases.len().to_string(), "{document}");
        for (count, word) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            assert_eq!(results.suite[count], ends(word), "{count} in\n{document}");
        }
        results
    }

    /// Takes an element in; gives the name of the case we are in.
    fn element(&mut self, start: &BytesStart<'_>, case: String) -> String {
        let attributes: BTreeMap<String, String> = start
            .attributes()
            .map(|attribute| attribute.unwrap())
            .map(|attribute| {
                let value = quick_xml::escape::unescape(attribute.value.as_ref()).unwrap().into_owned();
                (attribute.key.as_ref().to_owned(), value)
            })
            .collect();
        match start.name().as_ref() {
            "testsuite" => self.suite = attributes,
            "property" => drop(self.properties.insert(attributes["name"].clone(), attributes["value"].clone())),
            "testcase" => {
                let new = Case { class: attributes["classname"].clone(), ..Case::default() };
                assert!(attributes["time"].parse::<f64>().unwrap() >= 0.0);
                assert_eq!(self.cases.insert(attributes["name"].clone(), new), None, "two cases of one name");
                return attributes["name"].clone();
            }
            element @ ("failure" | "error" | "skipped") => {
                let case = self.cases.get_mut(&case).unwrap();
                case.ending = format!("{element} {}", attributes["type"]);
                case.message.clone_from(&attributes["message"]);
            }
            _ => {}
        }
        case
    }

    /// Every case as `name: ending`, in the order of their names.
    fn endings(&self) -> Vec<String> {
        self.cases.iter().map(|(name, case)| format!("{name} = {}", case.ending)).collect()
    }
}

#[track_caller]
fn newest(scene: &Scene) -> Results {
    Results::read(&scene.text("junit.xml"))
}

#[test]
fn a_good_run_is_told_as_passed_in_its_folder_and_in_the_file_that_is_named() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "mend", "writes": {"fix.txt": "x\n"}, "summary": "Mended."})]);
    scene.plan(&[json!({"id": "mend", "title": "Mend it", "checks": [appears("fix.txt")]})]);
    std::fs::create_dir(scene.world.project().join("out")).unwrap();
    scene.run(&["--junit", "out/results.xml", "-m", "Mend the thing\n", "--ref", "T-7"]).exits(0);
    let text = scene.text("junit.xml");
    assert_eq!(scene.world.read("out/results.xml"), text);
    assert_eq!(scene.orchestra(["runs", "report", "--format", "junit", "-q"]).exits(0).stdout, text);
    let results = newest(&scene);
    assert_eq!(results.endings(), ["mend = ", "mend: fix-txt-is-there = "]);
    assert_eq!(results.cases["mend"].class, "orchestra.task");
    assert!(results.cases["mend"].text.contains("Mend it\nimplement by actor, 1 attempt"), "{results:?}");
    let run = scene.runs().pop().unwrap();
    assert_eq!((&results.properties["orchestra.run"], &results.properties["orchestra.exit_code"]), (&run, &"0".into()));
    assert_eq!(results.properties["orchestra.ticket"], "T-7");
    assert!(results.suite["timestamp"].ends_with('Z') && results.suite["timestamp"].contains('T'), "{results:?}");
}

#[test]
fn a_bad_run_tells_failures_errors_and_what_never_ran_apart() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}}));
    scene.answers(&[
        json!({"task": "mend", "writes": {"other.txt": "x\n"}, "summary": "Done!"}),
        json!({"task": "docs", "fail": {"class": "exited", "detail": "it ended with exit code 9"}}),
        json!({"task": "*", "writes": {"x.txt": "x\n"}, "summary": "Done."}),
    ]);
    scene.plan(&[
        json!({"id": "mend", "checks": [appears("fix.txt")]}),
        json!({"id": "docs"}),
        json!({"id": "plain", "checks": []}),
        json!({"id": "judge", "role": "review", "depends_on": ["mend"]}),
    ]);
    scene.run(&["--continue-on-error", "--junit", "out.xml"]).exits(1);
    let results = Results::read(&scene.world.read("out.xml"));
    assert_eq!(
        results.endings(),
        [
            "docs = error exited",
            "judge = skipped skipped",
            "mend = failure rejected",
            "mend: fix-txt-is-there = failure red",
            "plain = failure unchecked",
        ]
    );
    assert!(results.cases["docs"].message.contains("exit code 9"), "{results:?}");
    assert!(results.cases["judge"].message.contains("mend, which it depends on"), "{results:?}");
}

#[test]
fn the_file_is_there_when_a_limit_ends_the_run_and_a_resume_writes_it_anew() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "wait_for": "never"})]);
    scene.plan(&[json!({"id": "look", "role": "research"}), json!({"id": "then", "role": "research"})]);
    scene.run(&["--timeout", "1s", "--junit", "out.xml"]).exits(4);
    scene.answers(&[json!({"task": "*", "summary": "Seen."})]);
    let stopped = Results::read(&scene.world.read("out.xml"));
    assert_eq!(stopped.cases["run"].ending, "error stopped", "{stopped:?}");
    assert!(stopped.cases["run"].message.contains("limits.run"), "{stopped:?}");
    assert_eq!(stopped.properties["orchestra.exit_code"], "4");
    scene.resume(&["--timeout", "+10m", "--junit", "out.xml"]).exits(0);
    let resumed = Results::read(&scene.world.read("out.xml"));
    assert_eq!(resumed.endings(), ["look = ", "then = "]);
    // Nothing is left to do, and CI is told all the same.
    std::fs::remove_file(scene.world.project().join("out.xml")).unwrap();
    scene.resume(&["latest", "--junit", "out.xml"]).exits(0);
    assert_eq!(Results::read(&scene.world.read("out.xml")).endings(), ["look = ", "then = "]);
}

#[test]
fn a_planned_run_has_results_in_which_nothing_ran() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&["--plan-only", "--junit", "out.xml"]).exits(0);
    assert_eq!(Results::read(&scene.world.read("out.xml")).endings(), ["look = skipped not-run"]);
}

#[test]
fn what_agents_and_checks_say_cannot_break_the_document() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 1}}));
    let noise = r#"printf ']]></failure><testcase name="x"> &amp; \000\033[31m\302\205\357\277\276\377\r "'; exit 1"#;
    scene.answers(&[
        json!({"task": "*", "summary": "]]> </system-out> & \u{1b}[2J \u{0} \u{202e}", "writes": {"y": "y"}}),
    ]);
    scene.plan(&[json!({"id": "a", "title": "</testsuite> \"&\" <![CDATA[", "checks": [
        {"name": "loud", "run": ["sh", "-c", noise], "expect": "change"}
    ]})]);
    scene.run(&["-m", "<!-- -- ]]> & \u{1b}[0m\n\nA ticket."]).exits(3);
    let text = scene.text("junit.xml");
    let results = Results::read(&text);
    assert_eq!(results.endings(), ["a = failure rejected", "a: loud = failure red"]);
    assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    assert!(!text.contains(['\u{fffe}', '\u{ffff}', '\u{202e}']), "{text:?}");
    assert!(text.contains("]]&gt;&lt;/failure&gt;&lt;testcase name=&quot;x&quot;&gt;"), "{text}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_begins() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.world.file("a-file", "x");
    let closed = scene.world.project().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    let cases = [
        ("-", "runs report --format junit"),
        ("absent/out.xml", "there is no folder"),
        ("a-file/out.xml", "a-file"),
        (".", "it is a folder"),
        ("out/", "it is no file"),
        ("", "--junit"),
        ("/dev/null", "it is no file"),
    ];
    for (file, why) in cases {
        scene.run(&["--junit", file]).exits(2).says(why).says("hint: ");
    }
    // Whoever may do everything may write there as well.
    if !rustix::process::geteuid().is_root() {
        scene.run(&["--junit", "closed/out.xml"]).exits(2).says("write in the folder");
    }
    assert_eq!(scene.runs(), Vec::<String>::new());
    scene.run(&["--dry-run", "--junit", "out.xml"]).exits(2).says("--dry-run");
    scene.run(&["--plan-only"]).exits(0);
    scene.resume(&["--junit", "absent/out.xml"]).exits(2).says("there is no folder");
    scene.resume(&["--explain", "--junit", "out.xml"]).exits(2).says("--explain");
    assert_eq!(scene.tasks_of("attempt.started"), Vec::<String>::new(), "nothing ran");
}

#[test]
fn an_old_file_is_replaced_and_a_link_is_followed() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let real = scene.world.file("deep/real.xml", "<old/>");
    std::os::unix::fs::symlink(&real, scene.world.project().join("out.xml")).unwrap();
    scene.run(&["--junit", "out.xml"]).exits(0);
    assert_eq!(Results::read(&scene.world.read("deep/real.xml")).endings(), ["look = "]);
    assert!(std::fs::symlink_metadata(scene.world.project().join("out.xml")).unwrap().is_symlink());
}

#[test]
fn results_are_no_json() {
    World::new().orchestra(["runs", "report", "--json", "--format", "junit"]).exits(2).says("no JSON document");
}

#[test]
fn a_file_that_holds_something_else_is_not_written_over() {
    let scene = Scene::new();
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let before = scene.world.read("plan.json");
    std::os::unix::fs::symlink("plan.json", scene.world.project().join("link.xml")).unwrap();
    for named in ["plan.json", "link.xml"] {
        scene.run(&["--plan-only", "--junit", named]).exits(2).says("not written over").says("hint: name another file");
    }
    assert_eq!(scene.world.read("plan.json"), before);
    assert!(!scene.world.project().join("runs").exists(), "nothing has begun");
    scene.world.file("out.xml", "\n");
    for _ in 0..2 {
        scene.run(&["--plan-only", "--junit", "out.xml"]).exits(0);
    }
    assert!(scene.world.read("out.xml").starts_with("<?xml"));
    // Its beginning tells, however large it is.
    let large = scene.world.file("../large.xml", "<?xml?>");
    std::fs::OpenOptions::new().append(true).open(large).unwrap().set_len(2 << 30).unwrap();
    scene.run(&["--plan-only", "--junit", "../large.xml"]).exits(0);
}
