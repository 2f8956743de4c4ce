# Alarms and dashboards.

cloudwatch = Late("cloudwatch")


@kind("alarms")
def alarm_names():
    return {alarm["AlarmName"] for alarm in listed("cloudwatch", "describe_alarms", "MetricAlarms")}


@kind("dashboards")
def dashboard_names():
    return {board["DashboardName"] for board in listed("cloudwatch", "list_dashboards", "DashboardEntries")}


def alarm_arn(name):
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


def live_alarm(name):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def tags_of_alarm(name):
    return tag_map(cloudwatch.list_tags_for_resource(ResourceARN=alarm_arn(name))["Tags"])


def dashboard_arn(name):
    """A dashboard is in no region."""
    return f"arn:aws:cloudwatch::{account}:dashboard/{name}"


def tags_of_dashboard(name):
    return tag_map(cloudwatch.list_tags_for_resource(ResourceARN=dashboard_arn(name))["Tags"])


ALARM = ["AlarmName", "AlarmDescription", "ActionsEnabled", "AlarmActions", "OKActions", "InsufficientDataActions", "Namespace", "MetricName",
         "Dimensions", "Statistic", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData"]


@identify("AWS::CloudWatch::Alarm")
def identify_alarm(x, id, p):
    return {"Ref": p["AlarmName"], "Arn": alarm_arn(p["AlarmName"])}


@compare("AWS::CloudWatch::Alarm")
def compare_alarm(x, id, p):
    name = p["AlarmName"]
    x.saw("alarms", name)
    in_order = lambda value: sorted(value, key=str) or None if isinstance(value, list) else value
    live = live_alarm(name)
    found = {key: in_order(live.get(key)) for key in ALARM}
    same(id, {key: in_order(value) for key, value in p.items()}, found)
    x.tags(id, p, tags_of_alarm(name))


@compare("AWS::CloudWatch::Dashboard")
def compare_dashboard(x, id, p):
    x.saw("dashboards", p["DashboardName"])
    found = cloudwatch.get_dashboard(DashboardName=p["DashboardName"])["DashboardBody"]
    same(id, p | {"DashboardBody": json.loads(p["DashboardBody"])}, {"DashboardName": p["DashboardName"], "DashboardBody": json.loads(found)})
    x.tags(id, p, tags_of_dashboard(p["DashboardName"]))


def said_of_alarm(id):
    live = live_alarm(physical(id))
    return {key: live[key] for key in ALARM if key in live}


def put_alarm(change):
    """All of it at once: what is left out is emptied."""
    def put(id):
        said = said_of_alarm(id)
        cloudwatch.put_metric_alarm(**(said | change(said)))
    return put


def another(value, one, two):
    return one if value != one else two


def another_threshold(alarm):
    return {
        "ComparisonOperator": another(alarm["ComparisonOperator"], "LessThanThreshold", "GreaterThanThreshold"),
        "Threshold": alarm["Threshold"] + 7,
        "EvaluationPeriods": alarm["EvaluationPeriods"] + 2,
        "DatapointsToAlarm": alarm["DatapointsToAlarm"] + 1,
        "TreatMissingData": another(alarm["TreatMissingData"], "breaching", "ignore"),
    }


def another_metric(alarm):
    return {
        "Namespace": "other",
        "MetricName": "other",
        "Dimensions": [{"Name": f"other-{number}", "Value": "other"} for number in range(len(alarm["Dimensions"]) + 1)],
        "Statistic": another(alarm["Statistic"], "Minimum", "Maximum"),
        "Period": another(alarm["Period"], 60, 120),
    }


def alarm_tags(id):
    return tags_of_alarm(physical(id))


def put_alarm_tags(id, tags):
    cloudwatch.tag_resource(ResourceARN=alarm_arn(physical(id)), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::CloudWatch::Alarm"] = (put_alarm_tags, alarm_tags)
CHANGES["AWS::CloudWatch::Alarm"] = [
    (["ActionsEnabled"], lambda id: cloudwatch.disable_alarm_actions(AlarmNames=[physical(id)]), said_of_alarm),
    (["AlarmActions", "AlarmDescription", "InsufficientDataActions"],
     put_alarm(lambda alarm: {"AlarmActions": [], "AlarmDescription": "other", "InsufficientDataActions": []}), said_of_alarm),
    (["ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods", "Threshold", "TreatMissingData"], put_alarm(another_threshold),
     said_of_alarm),
    (["Dimensions", "MetricName", "Namespace", "Period", "Statistic"], put_alarm(another_metric), said_of_alarm),
    *tag_changes(put_alarm_tags,
                 lambda id, key: cloudwatch.untag_resource(ResourceARN=alarm_arn(physical(id)), TagKeys=[key]), alarm_tags),
]


def dashboard(id):
    return json.loads(cloudwatch.get_dashboard(DashboardName=physical(id))["DashboardBody"])


def put_dashboard(change):
    return lambda id: cloudwatch.put_dashboard(DashboardName=physical(id), DashboardBody=json.dumps(change(dashboard(id))))


def dashboard_tags(id):
    return tags_of_dashboard(physical(id))


def put_dashboard_tags(id, tags):
    cloudwatch.tag_resource(ResourceARN=dashboard_arn(physical(id)), Tags=[{"Key": k, "Value": v} for k, v in tags.items()])


TAG["AWS::CloudWatch::Dashboard"] = (put_dashboard_tags, dashboard_tags)
CHANGES["AWS::CloudWatch::Dashboard"] = [
    (["DashboardBody"], put_dashboard(lambda body: body | {"widgets": body["widgets"][:-1]}), dashboard),
    (["DashboardBody"], put_dashboard(lambda body: body | {"start": "-PT9H"}), dashboard),
    *tag_changes(put_dashboard_tags,
                 lambda id, key: cloudwatch.untag_resource(ResourceARN=dashboard_arn(physical(id)), TagKeys=[key]), dashboard_tags),
]


@deletes("AWS::CloudWatch::Alarm")
def delete_alarm(name):
    cloudwatch.delete_alarms(AlarmNames=[name])


@deletes("AWS::CloudWatch::Dashboard")
def delete_dashboard(name):
    cloudwatch.delete_dashboards(DashboardNames=[name])
