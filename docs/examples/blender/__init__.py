"""A small Blender add-on over `aigc_client.py`: a prompt or a picture becomes a mesh, a prompt paints the selected one.

Put `aigc_client.py` (`aigc client-file`, or http://SERVER/client/aigc_client.py) beside this file, zip the folder, and
install the zip as an extension in Blender 4.2 or newer. The panel is in the 3D view's sidebar, under "aigc".
"""

from pathlib import Path

import bpy

from .aigc_client import Client, ClientError
from .making import Making

LOOK_S = 0.2
"""So often Blender looks how the job is."""


class AigcPreferences(bpy.types.AddonPreferences):
    """Where the server is, and who asks."""

    bl_idname = __package__

    url: bpy.props.StringProperty(name="Server", default="http://127.0.0.1:7842")
    token: bpy.props.StringProperty(name="Token", subtype="PASSWORD", description="Only where the server wants one")

    def draw(self, context):
        self.layout.prop(self, "url")
        self.layout.prop(self, "token")


class AIGC_OT_make(bpy.types.Operator):
    """Have the server make a mesh, and put it at the cursor. Esc cancels the job"""

    bl_idname = "aigc.make"
    bl_label = "Make"
    bl_options = {"REGISTER", "UNDO"}

    feature: bpy.props.EnumProperty(
        items=[
            ("text_to_textured_mesh", "Text to mesh", "A thing as the prompt describes it"),
            ("image_to_textured_mesh", "Picture to mesh", "The thing in the picture"),
            ("text_mesh_painting", "Paint selected", "The selected mesh, painted as the prompt says"),
        ]
    )

    def invoke(self, context, event):
        if not getattr(bpy.app, "online_access", True):
            self.report({"ERROR"}, "Allow Online Access in Blender's preferences first")
            return {"CANCELLED"}
        preferences = context.preferences.addons[__package__].preferences
        folder = Path(bpy.utils.extension_path_user(__package__, create=True))
        try:
            client = Client(preferences.url, token=preferences.token or None)
            self._making = Making(client, folder, self.feature, **self._inputs(context, folder))
        except ClientError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(LOOK_S, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type == "ESC":
            self._making.cancel()
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        making = self._making
        context.window_manager.progress_update(100 * making.fraction)
        context.workspace.status_text_set(f"aigc: {making.words}, {making.fraction:.0%}  (Esc cancels)")
        if not making.is_over:
            return {"RUNNING_MODAL"}
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)
        if making.path is None:
            self.report({"ERROR"}, making.error)
            return {"CANCELLED"}
        bpy.ops.import_scene.gltf(filepath=str(making.path))
        for thing in context.selected_objects:
            if thing.parent is None:
                thing.location = context.scene.cursor.location
        return {"FINISHED"}

    def _inputs(self, context, folder):
        scene = context.scene
        if self.feature == "image_to_textured_mesh":
            return {"image": Path(bpy.path.abspath(scene.aigc_picture))}
        if self.feature != "text_mesh_painting":
            return {"text": scene.aigc_prompt}
        mesh = folder / "selected.glb"
        bpy.ops.export_scene.gltf(filepath=str(mesh), use_selection=True)
        return {"text": scene.aigc_prompt, "mesh": mesh}


class AIGC_PT_panel(bpy.types.Panel):
    """What to make, and of what."""

    bl_label = "aigc"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "aigc"

    def draw(self, context):
        layout = self.layout
        layout.prop(context.scene, "aigc_prompt")
        layout.operator("aigc.make", text="Make from prompt").feature = "text_to_textured_mesh"
        layout.operator("aigc.make", text="Paint selected").feature = "text_mesh_painting"
        layout.prop(context.scene, "aigc_picture")
        layout.operator("aigc.make", text="Make from picture").feature = "image_to_textured_mesh"


CLASSES = (AigcPreferences, AIGC_OT_make, AIGC_PT_panel)


def register():
    for each in CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.aigc_prompt = bpy.props.StringProperty(name="Prompt", default="a small red chair")
    bpy.types.Scene.aigc_picture = bpy.props.StringProperty(name="Picture", subtype="FILE_PATH")


def unregister():
    del bpy.types.Scene.aigc_picture, bpy.types.Scene.aigc_prompt
    for each in reversed(CLASSES):
        bpy.utils.unregister_class(each)
