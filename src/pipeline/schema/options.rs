//! What is of no area: identity, tags, overrides, and how the provider shall
//! behave.

use super::{Default_, Optional, Required, block, flag, map, number, text};
use std::collections::HashMap;
use tf_provider::schema::Attribute;

pub fn attributes() -> HashMap<String, Attribute> {
    super::attributes([
        (
            "name",
            text(
                Required,
                "Name of the pipeline: 1 to 32 lower-case letters, digits and single hyphens, starting with a letter. \
                 Part of every resource's name. A change replaces the pipeline and is refused unless `allow_data_loss` is true.",
            ),
        ),
        (
            "environment_suffix",
            text(
                Required,
                "Environment: 1 to 16 lower-case letters and digits. Part of every resource's name. \
                 A change replaces the pipeline and is refused unless `allow_data_loss` is true.",
            ),
        ),
        (
            "credential_passwords_wo",
            // Not sensitive beside it: every output of the whole resource would be.
            map(
                Optional,
                "Passwords of your own for `secrets.credentials`, by their names: each is the first value of its secret, in place of one that AWS generates. \
                 Write-only: in no plan and no state, and it may be ephemeral (Terraform 1.11 or newer). Needs `secrets.rotation_function_arn`: what such a \
                 password opens has to be told of the next one. 1 to 512 characters without white space at the ends. \
                 A change alone does nothing: a password counts when its secret is made, and when `credential_passwords_wo_version` changes.",
            ),
        ),
        (
            "credential_passwords_wo_version",
            number(
                Optional,
                "A number of yours, 1 to 1000000, that counts up with `credential_passwords_wo`: Terraform does not see that a write-only value has changed. \
                 A change puts the passwords into their secrets, whatever a rotation has made of them meanwhile. Changed in place.",
            ),
        ),
        (
            "overrides",
            map(
                Optional,
                "Escape hatch: by logical id, a JSON merge patch (RFC 7396) of its CloudFormation properties, written with `jsonencode`. \
                 A patch that touches a compliance control is named in a plan warning. Changed in place where the property can be; else a change replaces the \
                 resource, which the plan says, and which is refused where it holds data unless `allow_data_loss` is true. Default none.",
            ),
        ),
        (
            "tags",
            map(
                Optional,
                "Tags of every resource, beside the provider's `default_tags`, which they win over. At most 40; a key of 1 to 128 and a value of at most \
                 256 letters, digits, spaces or any of `_ . : / = + - @`. Default none. Keys `owner`, `stack`, `environment-suffix` and those that start with `tap:` or `aws:` are reserved. Changed in place.",
            ),
        ),
        (
            "deletion_protection",
            flag(
                Default_,
                "Whether destroying the pipeline is refused at plan time. Default false. A change touches no AWS resource, and counts when it has been applied.",
            ),
        ),
        (
            "allow_data_loss",
            flag(
                Default_,
                "Whether an apply may replace or remove what holds data: buckets, the audit table, keys, secrets, log groups. Default false. \
                 A change touches no AWS resource, and counts at once.",
            ),
        ),
        (
            "adopt_existing",
            flag(
                Default_,
                "Whether create may take over a complete pipeline of the same name and suffix. Default false: it is refused with the import command. \
                 An unfinished one is always continued. A change touches no AWS resource: only a create asks for it.",
            ),
        ),
        (
            "on_create_failure",
            text(
                Default_,
                "What a failed create does. `keep` (default): an error, and everything that exists stays in state; the next apply continues in place. \
                 `rollback`: what this apply created is deleted. `resume`: no error but a warning and `status = \"INCOMPLETE\"`; the next apply continues. \
                 A change touches no AWS resource: only a create asks for it.",
            ),
        ),
        (
            "timeouts",
            block(
                Default_,
                "How long operations may take. Waiting for AWS' limits counts. What has been done when the time is up is kept, and the next apply goes on from there. \
                 A change touches no AWS resource.",
                [
                    (
                        "create",
                        text(
                            Default_,
                            "Longest create: whole numbers with `h`, `m` or `s`, as `90s`, `60m` or `1h30m`, together more than nothing. Default `60m`. A change counts at once.",
                        ),
                    ),
                    (
                        "update",
                        text(
                            Default_,
                            "Longest update, written alike. Default `60m`. A change counts at once.",
                        ),
                    ),
                    (
                        "delete",
                        text(
                            Default_,
                            "Longest delete, written alike. Default `90m`. A change counts when it has been applied.",
                        ),
                    ),
                ],
            ),
        ),
    ])
}
