// Holds a CloudFormation template against two of cdk-nag's rule packs and
// prints a JSON list of what each rule says of each resource.
//
//   node nag.js TEMPLATE
//
// What is no construct of CDK's is read by CfnInclude. Nothing is suppressed
// here: what is waived is waived by the exam.

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { App, Aspects, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks, PCIDSS321Checks } = require("cdk-nag");

const PACKS = { "PCI.DSS.321": PCIDSS321Checks, AwsSolutions: AwsSolutionsChecks };

/** Keeps what the rules of one pack say. cdk-nag's own reports leave out what a
 * rule found in particular. */
class Findings {
  constructor(pack) {
    this.pack = pack;
    this.lines = [];
  }

  onCompliance(data) {
    this.add(data, true);
  }

  onNonCompliance(data) {
    this.add(data, false, data.findingId);
  }

  /** A rule that cannot judge: as bad as one that is not met. */
  onError(data) {
    this.add(data, false, "", data.errorMessage);
  }

  onSuppressed(data) {
    this.add(data, false, data.findingId);
  }

  onSuppressedError(data) {
    this.onError(data);
  }

  onNotApplicable() {}

  add({ resource, ruleId, ruleInfo }, passed, detail = "", text = ruleInfo) {
    this.lines.push({ pack: this.pack, rule: ruleId, resource: resource.node.id, passed, detail, text });
  }
}

function main(templateFile) {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), "tap-nag-"));
  try {
    const app = new App({ outdir, analyticsReporting: false });
    const stack = new Stack(app, "exam", { env: { account: "111122223333", region: "us-east-1" } });
    new CfnInclude(stack, "Template", { templateFile });
    const packs = Object.entries(PACKS).map(([name, Pack]) => {
      const findings = new Findings(name);
      Aspects.of(app).add(new Pack({ reports: false, additionalLoggers: [findings] }));
      return findings;
    });
    app.synth();
    console.log(JSON.stringify(packs.flatMap(({ lines }) => lines)));
  } finally {
    fs.rmSync(outdir, { recursive: true, force: true });
  }
}

// cdk-nag writes what it finds to standard error as well.
main(process.argv[2]);
