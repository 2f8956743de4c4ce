//! Functions: the erased form of tf-provider's `Function`.

use async_trait::async_trait;
use tf_provider::schema::FunctionSchema;
use tf_provider::{Diagnostics, Function};

use super::RawValue;
use super::diagnostics::refuse;

/// tf-provider's `Function` with its types erased. Every `Function` is one.
#[async_trait]
#[allow(missing_docs)]
pub trait DynamicFunction: Send + Sync {
    fn schema(&self, diags: &mut Diagnostics) -> Option<FunctionSchema>;

    async fn call(&self, diags: &mut Diagnostics, arguments: Vec<RawValue>) -> Option<RawValue>;
}

#[async_trait]
impl<T: Function> DynamicFunction for T {
    fn schema(&self, diags: &mut Diagnostics) -> Option<FunctionSchema> {
        Function::schema(self, diags)
    }

    async fn call(&self, diags: &mut Diagnostics, arguments: Vec<RawValue>) -> Option<RawValue> {
        let arguments = tuple(diags, arguments)?;
        let input = arguments.deserialize(diags)?;
        let output = Function::call(self, diags, input).await?;
        RawValue::serialize(diags, &output)
    }
}

/// The arguments as one msgpack array, from which serde reads a tuple, a list or
/// the fields of a struct in order.
fn tuple(diags: &mut Diagnostics, arguments: Vec<RawValue>) -> Option<RawValue> {
    let mut array = Vec::new();
    let Ok(count) = u32::try_from(arguments.len()) else {
        refuse(diags, "Too many arguments", "");
        return None;
    };
    array.push(0xdd); // an array whose length takes four bytes
    array.extend_from_slice(&count.to_be_bytes());
    for argument in arguments {
        match argument {
            RawValue::MessagePack(bytes) if !bytes.is_empty() => array.extend_from_slice(&bytes),
            other => match other.to_tree().map(|tree| RawValue::from_tree(&tree)) {
                Ok(RawValue::MessagePack(bytes)) => array.extend_from_slice(&bytes),
                _ => {
                    refuse(diags, "An argument cannot be decoded", "");
                    return None;
                }
            },
        }
    }
    Some(RawValue::MessagePack(array))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tf_provider::AttributePath;
    use tf_provider::value::Value;

    #[test]
    fn arguments_become_the_fields_of_a_struct_in_order() {
        #[derive(serde::Deserialize, PartialEq, Debug)]
        struct Input {
            name: Value<String>,
            count: Value<i64>,
        }
        let mut diags = Diagnostics::default();
        let arguments = vec![
            RawValue::serialize(&mut diags, &"a").unwrap(),
            RawValue::json(&serde_json::json!(3)),
        ];
        let input = tuple(&mut diags, arguments).unwrap();
        assert_eq!(
            input.deserialize::<Input>(&mut diags),
            Some(Input {
                name: Value::Value("a".into()),
                count: Value::Value(3)
            })
        );
    }

    #[test]
    fn an_argument_that_does_not_fit_is_blamed() {
        let mut diags = Diagnostics::default();
        let arguments = vec![
            RawValue::json(&serde_json::json!("a")),
            RawValue::json(&serde_json::json!("b")),
        ];
        let input = tuple(&mut diags, arguments).unwrap();
        assert!(input.deserialize::<(String, i64)>(&mut diags).is_none());
        assert_eq!(
            diags.errors[0].attribute,
            AttributePath::function_argument(1)
        );
    }
}
