//! Models in the configuration, as a user meets them.

use super::tests::World;
use super::*;
use crate::ids::ModelName;
use crate::model::Spec as ModelSpec;

fn main_of(loaded: &Loaded) -> &ModelSpec {
    &loaded.config.models["main"]
}

#[test]
fn a_model_is_named_by_its_provider_and_single_keys_may_be_set() {
    let world = World::new()
        .named("models: {main: {anthropic: {model: big, headers: {x-team: a}, prices: {input: 3, output: 15}}}}\n")
        .set("models.main.anthropic.model=small")
        .set("models.main.anthropic.base_url=https://gateway.example/anthropic/")
        .set("models.main.anthropic.headers.x-unit=b");
    let loaded = world.load().unwrap();
    let service = main_of(&loaded).service().unwrap();
    assert_eq!(service.model, "small");
    assert_eq!(service.headers.len(), 2);
    assert!(service.prices.is_some());
    assert_eq!(main_of(&loaded).address(), Some("https://gateway.example/anthropic".to_owned()));
    assert_eq!(main_of(&loaded).key_variable(), None, "a key goes to no address that it was not named for");
    assert_eq!(loaded.origins["models.main.anthropic.model"].to_string(), "--set models.main.anthropic.model");
    assert_eq!(loaded.config.planning_model(), Some(&ModelName::new("main").unwrap()));
    let yaml = loaded.config.to_yaml().unwrap();
    assert_eq!(World::new().named(&yaml).load().unwrap().config.models, loaded.config.models, "{yaml}");
}

#[test]
fn another_provider_replaces_the_whole_model() {
    let world = World::new()
        .named("models: {main: {anthropic: {model: big, api_key_env: MY_KEY}}}\n")
        .set("models.main.openai-chat.model=qwen3");
    let loaded = world.load().unwrap();
    assert_eq!(main_of(&loaded).provider(), "openai-chat");
    assert_eq!(main_of(&loaded).key_variable(), Some("OPENAI_API_KEY"));
    assert!(!loaded.origins.contains_key("models.main.anthropic.model"), "{:?}", loaded.origins);
}

#[test]
fn an_address_that_cannot_be_asked_is_refused_at_its_place_and_never_repeated() {
    for (address, why) in [
        ("ftp://host/v1", "neither https nor http"),
        ("file:///etc/passwd", "neither https nor http"),
        ("host/v1", "is not an address"),
        ("https://", "is not an address"),
        ("https://user:hunter2pass@host/v1", "no name or password"),
        ("https://host/v1?key=hunter2pass", "without `?` or `#`"),
    ] {
        let world =
            World::new().named(format!("models:\n  main:\n    openai-chat: {{model: m, base_url: '{address}'}}\n"));
        let faults = world.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].starts_with("3:39 models.main.openai-chat.base_url: ") && faults[0].contains(why),
            "{faults:?}"
        );
        assert!(!faults[0].contains("hunter2pass"), "{faults:?}");
    }
}

#[test]
fn every_fault_of_a_model_has_its_place() {
    let world = World::new().named(
        "models:\n  main:\n    openai:\n      model: m\n      api_key_env: 'not a name'\n      max_output_tokens: 0\n      \
         headers: {Authorization: x, 'bad name': y, Host: z}\n  two: {antropic: {model: m}}\n",
    );
    let faults = world.faults();
    assert!(
        faults[0].starts_with("6:26 models.main.openai.max_output_tokens: expected a whole number from 1"),
        "{faults:?}"
    );
    assert!(faults[1].starts_with("8:9 models.two: ") && faults[1].contains("did you mean `anthropic`?"), "{faults:?}");
    let world = World::new().named(
        "models:\n  main:\n    openai:\n      model: m\n      api_key_env: 'not a name'\n      \
         headers: {Authorization: x, 'bad name': y, Host: z}\n",
    );
    let faults = world.faults().join("\n");
    for part in
        ["5:7 models.main.openai.api_key_env", "`Authorization` holds a key", "`bad name` is not", "`Host` is set"]
    {
        assert!(faults.contains(part), "{part}: {faults}");
    }
}

#[test]
fn a_planner_without_its_model_is_refused() {
    let world = World::new().named("planner: {use: model}\n");
    assert!(world.faults()[0].starts_with("1:16 planner.use: there is no model to plan with"), "{:?}", world.faults());
    let world = World::new().named("planner: {model: mian}\nmodels: {main: {openai: {model: m}}}\n");
    assert_eq!(world.faults(), ["1:18 planner.model: there is no model `mian` | did you mean `main`?"]);
    let world = World::new().named("models: {main: {openai: {base_url: 'https://h/v1'}}}\n");
    assert!(world.faults()[0].contains("models.main.openai.model: this key must be set"), "{:?}", world.faults());
}

#[test]
fn paths_of_models_are_relative_to_the_file_that_names_them() {
    let world = World::new()
        .named("models: {main: {replay: {dir: tapes}}}\nmodel: {record: new}\nplanner: {context: [docs/A.md]}\n");
    let loaded = world.load().unwrap();
    let ModelSpec::Replay(recordings) = main_of(&loaded) else { panic!("{loaded:?}") };
    assert_eq!(recordings.dir, world.path("project/tapes"));
    assert_eq!(loaded.config.model.record, Some(world.path("project/new")));
    assert_eq!(loaded.config.planner.context, [world.path("project/docs/A.md")]);
}

#[test]
fn a_discovered_file_brings_no_model_names_none_and_sends_nothing() {
    let world = World::new().user("models: {main: {openai: {model: m}}}\nplanner: {use: template}\n").discovered(
        "planner: {use: model, model: main, context: [secrets.txt], rounds: 3, max_replans: 9}\n\
         models: {main: {openai-chat: {model: m, base_url: 'http://evil.example/v1'}}, own: {openai: {model: m}}}\n\
         model: {record: leak, tries: 5}\nreview: {threshold: 0.1, reworks: 9}\n",
    );
    let loaded = world.load().unwrap();
    let ignored: Vec<&str> = loaded.ignored.iter().map(|ignored| ignored.key.as_str()).collect();
    assert_eq!(
        ignored,
        [
            "planner.use",
            "planner.model",
            "planner.context",
            "planner.rounds",
            "planner.max_replans",
            "models.main",
            "models.own",
            "model.tries",
            "model.record",
            "review.reworks",
            "review.threshold",
        ]
    );
    assert_eq!(main_of(&loaded).address(), Some("https://api.openai.com/v1".to_owned()));
    let world = World::new().discovered(
        "model: {tries: 2, idle_timeout: 1m}\nplanner: {max_replans: 0, rounds: 0}\nreview: {threshold: 0.9}\n",
    );
    let loaded = world.load().unwrap();
    assert!(loaded.ignored.is_empty(), "{:?}", loaded.ignored);
    assert_eq!((loaded.config.model.tries, loaded.config.planner.max_replans), (2, 0));
}
