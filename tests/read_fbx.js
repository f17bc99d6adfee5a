// Prints what assimp, an independent reader, finds in an FBX file: node read_fbx.js FILE
const fs = require("fs");

require("assimpjs")().then((assimp) => {
  const files = new assimp.FileList();
  files.AddFile("scene.fbx", new Uint8Array(fs.readFileSync(process.argv[2])));
  const result = assimp.ConvertFileList(files, "assjson");
  if (!result.IsSuccess()) {
    console.error(result.GetErrorCode());
    process.exit(1);
  }
  process.stdout.write(new TextDecoder().decode(result.GetFile(0).GetContent()));
});
