# Deletes resources behind Terraform's back. `doomed` (logical id -> type,
# physical id) comes from the test.

order = list(DELETE)
for id, resource in sorted(doomed.items(), key=lambda item: order.index(item[1]["type"])):
    try:
        DELETE[resource["type"]](resource["physical"])
    except Exception as error:
        raise Exception(f"{id} cannot be deleted: {error}")
