"""Rules about functions, and about what watches them."""

from .frame import many, refers, required, rule


@rule("AWS::Lambda::Function")
def functions_are_traced(function):
    return required(function.at("TracingConfig.Mode") == "Active", "no active tracing")


@rule("AWS::Lambda::Function")
def functions_run_on_the_newest_runtime(function):
    """Of those without a language, which are the only ones that ours use."""
    return required(function.at("Runtime") == "provided.al2023", f"it runs on {function.at('Runtime')}")


@rule("AWS::Lambda::Function")
def functions_check_signatures(function):
    return required(function.at("CodeSigningConfigArn"), "no code signing")


@rule("AWS::Lambda::Function")
def functions_are_in_a_vpc(function):
    both = function.at("VpcConfig.SubnetIds") and function.at("VpcConfig.SecurityGroupIds")
    return required(both, "it has no subnets or no security groups")


@rule("AWS::Lambda::Function")
def functions_are_in_two_zones(function):
    """As far as the subnets are the template's: of others it does not say where they are."""
    ours = function.template.of("AWS::EC2::Subnet")
    subnets = many(function.at("VpcConfig.SubnetIds"))
    found = [one for one in ours if refers(subnets, one.id)]
    if len(found) < len(subnets):
        return None
    zones = {str(one.at("AvailabilityZoneId") or one.at("AvailabilityZone")) for one in found} - {"None"}
    return required(len(zones) >= 2, f"it is in {len(zones)} zones")


@rule("AWS::Logs::LogGroup")
def log_groups_keep_a_year(group):
    """At least. Of the times that Logs knows, those that guard's list has too."""
    days = group.at("RetentionInDays")
    return required(days in (365, 400, 545, 731, 1827, 3653), f"it keeps {days} days")


@rule("AWS::CloudWatch::Alarm")
def alarms_act(alarm):
    wrong = required(alarm.at("ActionsEnabled") is not False, "its actions are disabled")
    for when in ("AlarmActions", "InsufficientDataActions"):
        wrong += required(alarm.at(when), f"no {when}")
    return wrong


@rule("AWS::CloudWatch::Alarm")
def alarms_look_every_five_minutes(alarm):
    return required(alarm.at("Period") == 300, f"its period is {alarm.at('Period')}")
