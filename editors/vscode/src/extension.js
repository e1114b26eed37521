// Starts `kogda lsp` and hands it the files of the editor. Everything that is known about the language lives there.
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

/** How to start the program: the setting, the virtual environment of the workspace, or whatever is on the PATH. */
function command() {
  const set = vscode.workspace.getConfiguration("kogda").get("command");
  if (set.length) return set;
  const inside = process.platform === "win32" ? [".venv", "Scripts", "kogda.exe"] : [".venv", "bin", "kogda"];
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const candidate = path.join(folder.uri.fsPath, ...inside);
    if (fs.existsSync(candidate)) return [candidate];
  }
  return ["kogda"];
}

function languageOfMessages() {
  const set = vscode.workspace.getConfiguration("kogda").get("language");
  return set || (vscode.env.language.startsWith("ru") ? "ru" : "en");
}

async function start() {
  const [program, ...before] = command();
  const url = vscode.workspace.getConfiguration("kogda").get("server.url");
  const options = { env: { ...process.env, ...(url ? { KOGDA_URL: url } : {}) } };
  const server = { command: program, args: [...before, "lsp"], transport: TransportKind.stdio, options };
  client = new LanguageClient("kogda", "Kogda", server, {
    documentSelector: [
      { scheme: "file", language: "kogda" },
      { scheme: "untitled", language: "kogda" },
      { scheme: "file", pattern: "**/{kogda,schema}.yaml" },
      { scheme: "file", pattern: "**/templates/**/*.{html,txt}" },
    ],
    initializationOptions: { language: languageOfMessages() },
    synchronize: {
      fileEvents: vscode.workspace.createFileSystemWatcher("**/{kogda.yaml,schema.yaml,rules/**,templates/**}"),
    },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const again = "Open settings";
    const chosen = await vscode.window.showErrorMessage(
      `Kogda: \`${[program, ...before].join(" ")}\` could not be started (${error.message ?? error}). Install it with ` +
        "`pip install kogda`, or name it in the setting kogda.command.",
      again,
    );
    if (chosen === again) await vscode.commands.executeCommand("workbench.action.openSettings", "kogda.command");
  }
}

async function stop() {
  const before = client;
  client = undefined;
  if (before) await before.stop();
}

async function restart() {
  await stop();
  if (vscode.workspace.isTrusted) await start();
}

exports.activate = async (context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand("kogda.restart", restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("kogda") && restart()),
  );
  await restart();
};

exports.deactivate = stop;
