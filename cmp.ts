const root = process.argv[2]!;
const { runScenario } = await import(`${root}/src/simulator/run.ts`);
const { scenarioOf } = await import(`${root}/src/simulator/scenario.ts`);
const { installNodeSha256 } = await import(`${root}/src/crypto/node-sha256.ts`);
installNodeSha256();
for (let seed = 1; seed <= 25; seed++) { const v = runScenario({ ...scenarioOf(seed, 10_000), costs: false }); console.log(seed, v.traceHash, v.violations.length); }
