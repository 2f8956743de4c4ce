"""Prints what the operations of the REST services are called.

Usage: operations.py. The answer is JSON: signing name -> [method, URI template,
operation], as botocore's own service models have them, so that the sandbox calls
an operation what AWS calls it.
"""

import json

import botocore.session

SERVICES = ("apigateway", "guardduty", "lambda", "xray")


def operations(service: str) -> list[list[str]]:
    model = botocore.session.Session().get_service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        found.append([http["method"], http["requestUri"], name])
    return found


print(json.dumps({service: operations(service) for service in SERVICES}))
