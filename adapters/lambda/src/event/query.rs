use super::escape::{is_of_parameter, is_of_query, push};
use super::shape::{Event, Form};
use crate::runtime_api::Problem;

/// Returns the query, as raw as the event has it; `None` if there is none.
pub(super) fn read(event: &Event<'_>) -> Result<Option<String>, Problem> {
    if event.form == Form::Two {
        let raw = event
            .fields
            .get("rawQueryString")
            .text()?
            .unwrap_or_default();
        let mut query = String::with_capacity(raw.len());
        push(&mut query, &raw, is_of_query);
        return Ok((!query.is_empty()).then_some(query));
    }
    let lists = "multiValueQueryStringParameters";
    let single = "queryStringParameters";
    let parameters = match event.fields.get(lists).object()? {
        Some(parameters) => parameters.lists(lists)?,
        None => match event.fields.get(single).object()? {
            Some(parameters) => parameters.texts(single)?,
            None => Vec::new(),
        },
    };
    // API Gateway unescapes them, a load balancer does not.
    let legal = match event.form {
        Form::LoadBalancer { .. } => is_of_query,
        _ => is_of_parameter,
    };
    let mut query = String::new();
    for (name, value) in &parameters {
        if !query.is_empty() {
            query.push('&');
        }
        push(&mut query, name, legal);
        query.push('=');
        push(&mut query, value, legal);
    }
    Ok((!parameters.is_empty()).then_some(query))
}
