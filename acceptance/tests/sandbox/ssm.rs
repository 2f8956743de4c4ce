//! Parameters as AWS documents them. A test that is named after a shim fails
//! without it; the others show what the emulator does right alone.

use super::*;

#[test]
fn a_parameter_is_put_once_read_and_deleted() {
    let script = r#"
ssm = c("ssm")
put = lambda **more: code(ssm.put_parameter, Name="/trip", Type="String", **more)
found = [put(Value="one", Overwrite=False, Tags=[{"Key": "a", "Value": "b"}]), put(Value="two", Overwrite=False), put(Value="two", Overwrite=True)]
found += [ssm.get_parameter(Name="/trip")["Parameter"]["Value"], ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/trip")["TagList"]]
out(found + [code(ssm.delete_parameter, Name="/trip"), code(ssm.delete_parameter, Name="/trip"), code(ssm.get_parameter, Name="/trip")])"#;
    assert_eq!(
        run(shared(), script),
        json!(["ok", "ParameterAlreadyExists", "ok", "two", [{"Key": "a", "Value": "b"}], "ok", "ParameterNotFound", "ParameterNotFound"])
    );
}

#[test]
fn ssm_parameter_size_depends_on_the_tier() {
    let script = r#"
ssm = c("ssm")
put = lambda name, size, **more: code(ssm.put_parameter, Name=name, Value="x" * size, Type="String", **more)
found = [put("/size/a", 4096), put("/size/b", 4097), put("/size/c", 8192, Tier="Advanced"), put("/size/c", 8000, Overwrite=True), put("/size/d", 8193, Tier="Advanced"), put("/size/a", 4097, Overwrite=True)]
out(found)"#;
    assert_eq!(
        run(shared(), script),
        json!([
            "ok",
            "ValidationException",
            "ok",
            "ok",
            "ValidationException",
            "ValidationException"
        ])
    );
}

#[test]
fn ssm_tags_belong_to_a_parameter_that_exists() {
    let script = r#"
ssm = c("ssm")
here = dict(ResourceType="Parameter", ResourceId="/none-such")
out([code(ssm.list_tags_for_resource, **here), code(ssm.add_tags_to_resource, **here, Tags=[{"Key": "a", "Value": "b"}])])"#;
    assert_eq!(
        run(shared(), script),
        json!(["InvalidResourceId", "InvalidResourceId"])
    );
}
