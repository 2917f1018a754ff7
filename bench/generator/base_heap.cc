#include "generator/base_heap.h"

#include <fmt/format.h>

#include <array>

namespace leaktrail::bench {
namespace {

constexpr std::array kWords = {
    "account", "active",  "amount",  "batch",   "billing",   "branch",   "bucket",  "button",
    "cargo",   "channel", "city",    "client",  "code",      "colour",   "comment", "company",
    "count",   "country", "created", "cursor",  "daily",     "delta",    "detail",  "device",
    "digest",  "draft",   "email",   "error",   "event",     "expires",  "export",  "feature",
    "filter",  "flag",    "folder",  "format",  "gateway",   "group",    "handler", "hash",
    "height",  "history", "host",    "image",   "import",    "invoice",  "issued",  "item",
    "journal", "key",     "kind",    "label",   "language",  "limit",    "locale",  "lock",
    "margin",  "market",  "member",  "message", "method",    "mode",     "nonce",   "note",
    "number",  "offer",   "offset",  "origin",  "owner",     "packet",   "parent",  "partner",
    "path",    "payload", "period",  "phone",   "pixel",     "plan",     "policy",  "price",
    "product", "profile", "project", "quota",   "rate",      "reason",   "record",  "region",
    "remark",  "reply",   "retries", "role",    "route",     "sample",   "schema",  "score",
    "season",  "section", "seller",  "serial",  "shelf",     "signal",   "source",  "stage",
    "status",  "stock",   "storage", "street",  "subject",   "supplier", "target",  "tariff",
    "ticket",  "timer",   "title",   "total",   "tracker",   "transit",  "unit",    "updated",
    "vendor",  "version", "volume",  "voucher", "warehouse", "weight",   "width",   "zone"};

constexpr std::array kBuiltinClasses = {
    "Array",       "ArrayBuffer",    "BigInt",       "Boolean",    "DataView",
    "Date",        "Error",          "Float64Array", "Int32Array", "Iterator",
    "Map",         "Number",         "Object",       "Promise",    "Proxy",
    "RangeError",  "ReferenceError", "RegExp",       "Set",        "String",
    "Symbol",      "SyntaxError",    "TypeError",    "URIError",   "Uint16Array",
    "Uint32Array", "Uint8Array",     "WeakMap",      "WeakRef",    "WeakSet"};

constexpr std::array kBuiltinMethods = {
    "at",  "concat", "entries",  "every", "fill",  "filter", "find",   "get",
    "has", "keys",   "toString", "set",   "slice", "then",   "values", "valueOf"};

// Where scripts of a service come from: Node's own, the service, and packages as npm and pnpm
// lay them out.
constexpr std::array kScriptPaths = {
    "node:events",
    "node:internal/timers",
    "node:internal/streams/readable",
    "node:buffer",
    "node:internal/process/task_queues",
    "/srv/depot/src/server.js",
    "/srv/depot/src/orders.js",
    "/srv/depot/src/parcels.js",
    "file:///srv/depot/src/reports.mjs",
    "/srv/depot/node_modules/request-sampler/lib/store.js",
    "/srv/depot/node_modules/request-sampler/lib/timer.js",
    "/srv/depot/node_modules/@depot/cache/dist/cache.js",
    "/srv/depot/node_modules/express/lib/router/index.js",
    "/srv/depot/node_modules/axios/node_modules/form-data/lib/form_data.js",
    "/srv/depot/node_modules/.pnpm/ws@8.17.0/node_modules/ws/lib/sender.js"};

constexpr std::array kPackages = {"express",     "koa",   "pg",   "ws",      "lodash", "@depot/ui",
                                  "@depot/logs", "axios", "pino", "ioredis", "knex",   "semver"};

// Where the scripts stand in kScriptPaths that the application's classes come from.
enum ScriptNumber : std::uint32_t {
  kServerScript = 5,
  kOrdersScript = 6,
  kParcelsScript = 7,
  kSamplerScript = 9,
  kSamplerTimerScript = 10,
  kCacheScript = 11,
};

}  // namespace

class BaseHeapBuilder {
 public:
  BaseHeapBuilder(BaseHeap& heap, std::uint64_t seed)
      : heap_(heap), random_(Mix(seed, 0xba5e)), palette_(heap.palette_) {}

  void Build(std::uint32_t script_count) {
    Text("<dummy>");
    Text("");
    heap_.map_label_ = Text("map");
    heap_.native_roots_label_ = Text(Pick("C++ roots", "C++ Persistent roots"));
    AddRoots();
    AddReadOnlyObjects();
    AddBuiltins();
    AddGlobal();
    for (const char* word : kWords) {
      palette_.words.push_back(Text(word));
      palette_.word_nodes.push_back(InternalizedString(word));
    }
    for (std::uint32_t i = 0; i < script_count; ++i) AddScript(i);
    AddApplication();
    AddShapes(script_count);
    AddEmbedderObjects();
    NameRemainingRoots();
  }

 private:
  bool node24() const { return heap_.layout_ == Layout::kNode24; }
  // The read-only space counts nothing from Node 24 on.
  std::uint64_t ReadOnlySize(std::uint64_t size) const { return node24() ? 0 : size; }
  std::string Pick(const char* in_node20, const char* in_node24) const {
    return node24() ? in_node24 : in_node20;
  }

  Label Text(std::string_view text) { return heap_.AddLabel(text); }

  BaseNode Add(NodeType type, std::string_view name, std::uint64_t self_size) {
    BaseHeap::Node node;
    node.type = type;
    node.name = Text(name);
    node.self_size = self_size;
    heap_.nodes_.push_back(std::move(node));
    return static_cast<BaseNode>(heap_.nodes_.size() - 1);
  }

  void Link(BaseNode from, EdgeType type, std::string_view name, BaseNode to) {
    heap_.nodes_[from].edges.push_back({type, Text(name), {Target::Kind::kBase, to}});
  }
  void LinkIndex(BaseNode from, EdgeType type, std::uint32_t index, BaseNode to) {
    heap_.nodes_[from].edges.push_back({type, Label::Index(index), {Target::Kind::kBase, to}});
  }
  void LinkSlot(BaseNode from, EdgeType type, std::uint32_t slot, BaseNode to) {
    heap_.nodes_[from].edges.push_back({type, Label::Digits(slot), {Target::Kind::kBase, to}});
  }
  // An edge from one of the numbered roots, such as "(Stack roots)".
  void LinkRoot(BaseNode root, BaseNode to) {
    LinkSlot(root, EdgeType::kInternal,
             static_cast<std::uint32_t>(heap_.nodes_[root].edges.size() + 1), to);
  }
  void MapOf(BaseNode node, BaseNode map) { Link(node, EdgeType::kInternal, "map", map); }

  BaseNode InternalizedString(std::string_view text) {
    const auto [at, is_new] = internalized_.try_emplace(std::string(text), 0);
    if (is_new) {
      at->second = Add(NodeType::kString, text, 16 + (text.size() + 7) / 8 * 8);
      MapOf(at->second, palette_.internalized_map);
      LinkRoot(internalized_strings_, at->second);
    }
    return at->second;
  }

  BaseNode HiddenMap(std::string_view name = "system / Map") {
    const BaseNode map = Add(NodeType::kHidden, name, ReadOnlySize(72));
    Link(map, EdgeType::kInternal, "dependent_code", palette_.dependent_code);
    MapOf(map, palette_.meta_map);
    LinkRoot(read_only_roots_, map);
    return map;
  }

  void AddRoots() {
    root_ = Add(NodeType::kSynthetic, "", 0);
    gc_roots_ = Add(NodeType::kSynthetic, "(GC roots)", 0);
    LinkIndex(root_, EdgeType::kElement, 1, gc_roots_);
    const auto root = [&](std::string_view name) {
      const BaseNode node = Add(NodeType::kSynthetic, name, 0);
      LinkIndex(gc_roots_, EdgeType::kElement,
                static_cast<std::uint32_t>(heap_.nodes_[gc_roots_].edges.size() + 1), node);
      return node;
    };
    root("(Bootstrapper)");
    builtins_ = root("(Builtins)");
    root("(Code flusher)");
    compilation_cache_ = root("(Compilation cache)");
    root("(Debugger)");
    extensions_ = root("(Extensions)");
    eternal_handles_ = root("(Eternal handles)");
    external_strings_ = root("(External strings)");
    global_handles_ = root("(Global handles)");
    handle_scope_ = root("(Handle scope)");
    root("(Micro tasks)");
    read_only_roots_ = root("(Read-only roots)");
    root("(Relocatable)");
    root("(Retain maps)");
    root("(Smi roots)");
    stack_roots_ = root("(Stack roots)");
    startup_cache_ = root("(Startup object cache)");
    internalized_strings_ = root("(Internalized strings)");
    strong_roots_ = root(Pick("(Strong roots)", "(Strong root list)"));
  }

  void AddReadOnlyObjects() {
    // The meta map and the empty dependent code refer to each other; everything needs both.
    palette_.meta_map = Add(NodeType::kHidden, "system / Map", ReadOnlySize(72));
    palette_.dependent_code = Add(NodeType::kCode, "system / WeakArrayList", ReadOnlySize(24));
    MapOf(palette_.meta_map, palette_.meta_map);
    LinkRoot(read_only_roots_, palette_.meta_map);
    palette_.internalized_map = HiddenMap(Pick("system / Map (OneByteInternalizedString)",
                                               "system / Map (InternalizedOneByteString)"));
    palette_.one_byte_map =
        HiddenMap(Pick("system / Map (OneByteString)", "system / Map (SeqOneByteString)"));
    palette_.cons_map = HiddenMap("system / Map (ConsOneByteString)");
    palette_.sliced_map = HiddenMap("system / Map (SlicedOneByteString)");
    for (BaseNode* map :
         {&palette_.heap_number_map, &palette_.bigint_map, &palette_.fixed_array_map,
          &palette_.ordered_table_map, &palette_.property_array_map, &palette_.reaction_map,
          &palette_.weak_cell_map, &palette_.descriptor_array_map, &palette_.transition_array_map,
          &palette_.accessor_pair_map, &palette_.regexp_data_map, &scope_info_map_, &bytecode_map_,
          &code_map_, &script_map_, &feedback_map_, &oddball_map_, &symbol_map_}) {
      *map = HiddenMap();
    }
    MapOf(palette_.dependent_code, palette_.fixed_array_map);
    const auto oddball = [&](const char* name, const char* root_name) {
      const BaseNode node =
          Add(NodeType::kHidden, Pick("system / Oddball", name), ReadOnlySize(48));
      MapOf(node, oddball_map_);
      Link(read_only_roots_, EdgeType::kInternal, root_name, node);
      return node;
    };
    palette_.undefined = oddball("undefined", "undefined_value");
    palette_.null = oddball("null", "null_value");
    palette_.true_value = oddball("true", "true_value");
    palette_.false_value = oddball("false", "false_value");
    hole_ = oddball("system / Hole", "the_hole_value");
    for (const BaseNode root : {compilation_cache_, handle_scope_, stack_roots_}) {
      for (int i = 0; i < 5; ++i)
        Link(root, EdgeType::kInternal, "undefined_value", palette_.undefined);
    }
    palette_.empty_enum_cache = Add(NodeType::kObjectShape, "system / EnumCache", ReadOnlySize(24));
    MapOf(palette_.empty_enum_cache, palette_.fixed_array_map);
    Link(read_only_roots_, EdgeType::kInternal, "empty_enum_cache", palette_.empty_enum_cache);
    palette_.validity_cell = Add(NodeType::kObjectShape, "system / Cell", ReadOnlySize(16));
    LinkRoot(strong_roots_, palette_.validity_cell);
    empty_scope_info_ = Add(NodeType::kCode, "system / ScopeInfo", ReadOnlySize(48));
    MapOf(empty_scope_info_, scope_info_map_);
    Link(read_only_roots_, EdgeType::kInternal, "empty_scope_info", empty_scope_info_);
    many_closures_cell_ = Add(NodeType::kCode, "system / FeedbackCell", ReadOnlySize(24));
    Link(many_closures_cell_, EdgeType::kInternal, "value", palette_.undefined);
    MapOf(many_closures_cell_, feedback_map_);
    Link(read_only_roots_, EdgeType::kInternal, "many_closures_cell", many_closures_cell_);
    empty_array_ = Add(NodeType::kArray, "", ReadOnlySize(16));
    MapOf(empty_array_, palette_.fixed_array_map);
    Link(extensions_, EdgeType::kInternal, "empty_fixed_array", empty_array_);
    for (int i = 0; i < 60; ++i) {
      const BaseNode symbol = Add(NodeType::kHidden, "private symbol", 24);
      MapOf(symbol, symbol_map_);
      LinkRoot(eternal_handles_, symbol);
    }
  }

  BaseNode Builtin(const std::string& name) {
    const BaseNode code =
        Add(NodeType::kCode, fmt::format("({}{}", name, Pick(" builtin handle)", " builtin code)")),
            88);
    MapOf(code, code_map_);
    const auto number = heap_.nodes_[builtins_].edges.size() + 1;
    Link(builtins_, EdgeType::kInternal, fmt::format("{} / {}", number, name), code);
    return code;
  }

  void AddBuiltins() {
    palette_.compile_lazy = Builtin("CompileLazy");
    palette_.interpreter_entry = Builtin("InterpreterEntryTrampoline");
    for (const char* class_name : kBuiltinClasses) {
      for (const char* method : kBuiltinMethods) {
        std::string name = std::string(class_name) + "Prototype" + method;
        name[name.size() - std::char_traits<char>::length(method)] &= ~0x20;
        LinkRoot(startup_cache_, Builtin(name));
      }
    }
  }

  // A map with its descriptors; `prototype` may be filled in later by the caller.
  BaseNode Shape(BaseNode prototype, const std::vector<std::string>& properties,
                 BaseNode back_pointer) {
    const BaseNode map = Add(NodeType::kObjectShape, "system / Map", 72);
    const BaseNode descriptors =
        Add(NodeType::kObjectShape, "system / DescriptorArray", 24 + properties.size() * 24);
    Link(descriptors, EdgeType::kInternal, "enum_cache", palette_.empty_enum_cache);
    for (std::uint32_t i = 0; i < properties.size(); ++i) {
      LinkSlot(descriptors, EdgeType::kInternal, i * 3, InternalizedString(properties[i]));
    }
    MapOf(descriptors, palette_.descriptor_array_map);
    Link(map, EdgeType::kInternal, "descriptors", descriptors);
    Link(map, EdgeType::kInternal, "prototype", prototype);
    if (back_pointer != palette_.undefined) {
      Link(map, EdgeType::kInternal, "back_pointer", back_pointer);
      Link(back_pointer, EdgeType::kWeak, "transition", map);
    }
    Link(map, EdgeType::kInternal, "dependent_code", palette_.dependent_code);
    MapOf(map, palette_.shape_meta_map);
    LinkIndex(map, EdgeType::kHidden, 0, palette_.validity_cell);
    return map;
  }

  BaseNode Closure(const FunctionTemplate& function, std::string_view name, BaseNode context,
                   BaseNode code) {
    const BaseNode closure = Add(NodeType::kClosure, name, 64);
    heap_.nodes_[closure].location = function.location;
    Link(closure, EdgeType::kProperty, "__proto__", palette_.function_prototype);
    Link(closure, EdgeType::kInternal, "feedback_cell", function.feedback_cell);
    Link(closure, EdgeType::kInternal, "shared", function.shared);
    Link(closure, EdgeType::kInternal, "context", context);
    Link(closure, EdgeType::kInternal, "code", code);
    MapOf(closure, palette_.function_map);
    return closure;
  }

  FunctionTemplate NativeFunction(std::string_view name) {
    FunctionTemplate function;
    function.name = Text(name);
    function.shared = Add(NodeType::kCode, name.empty() ? "(shared function info)" : name, 72);
    Link(function.shared, EdgeType::kInternal, "name_or_scope_info", InternalizedString(name));
    function.feedback_cell = many_closures_cell_;
    function.scope_info = empty_scope_info_;
    return function;
  }

  // Constructor, prototype object and map of one of V8's own classes.
  ClassTemplate BuiltinClass(std::string_view name) {
    ClassTemplate made;
    made.name = Text(name);
    made.prototype = Add(NodeType::kObject,
                         name == "Array" || name == "Map" || name == "Set" ? name : "Object", 56);
    made.map = Shape(made.prototype, {}, palette_.undefined);
    const BaseNode constructor =
        Closure(NativeFunction(name), name, native_context_, palette_.compile_lazy);
    Link(constructor, EdgeType::kProperty, "prototype", made.prototype);
    Link(constructor, EdgeType::kInternal, "initial_map", made.map);
    Link(made.prototype, EdgeType::kProperty, "constructor", constructor);
    for (const char* method : kBuiltinMethods) {
      Link(made.prototype, EdgeType::kProperty, method,
           Closure(NativeFunction(method), method, native_context_, palette_.compile_lazy));
    }
    if (palette_.object.prototype != 0) {
      Link(made.prototype, EdgeType::kProperty, "__proto__", palette_.object.prototype);
    } else {
      Link(made.prototype, EdgeType::kProperty, "__proto__", palette_.null);
    }
    MapOf(made.prototype,
          Shape(palette_.object.prototype == 0 ? palette_.null : palette_.object.prototype,
                {"constructor"}, palette_.undefined));
    Link(global_, EdgeType::kProperty, name, constructor);
    std::string slot(name);
    for (char& c : slot) c = static_cast<char>(c | 0x20);
    Link(native_context_, EdgeType::kInternal, slot + "_fun", constructor);
    return made;
  }

  void AddGlobal() {
    native_context_ = Add(NodeType::kHidden, "system / NativeContext", node24() ? 2440 : 2264);
    global_ = Add(NodeType::kObject, Pick("global / ", "global"), 40);
    LinkIndex(root_, EdgeType::kShortcut, 2, global_);
    LinkRoot(global_handles_, native_context_);
    LinkRoot(handle_scope_, native_context_);
    Link(native_context_, EdgeType::kInternal, "scope_info", empty_scope_info_);
    Link(native_context_, EdgeType::kInternal, "extension", global_);

    palette_.shape_meta_map = Add(NodeType::kObjectShape, "system / Map", 72);
    Link(palette_.shape_meta_map, EdgeType::kInternal, "native_context", native_context_);
    Link(palette_.shape_meta_map, EdgeType::kInternal, "dependent_code", palette_.dependent_code);
    MapOf(palette_.shape_meta_map, palette_.shape_meta_map);
    palette_.context_shape = Shape(palette_.null, {}, palette_.undefined);

    palette_.function_prototype = Add(NodeType::kClosure, "", 56);
    palette_.function_map =
        Shape(palette_.function_prototype, {"length", "name", "prototype"}, palette_.undefined);
    palette_.object = BuiltinClass("Object");
    Link(palette_.function_prototype, EdgeType::kProperty, "__proto__", palette_.object.prototype);
    MapOf(palette_.function_prototype, palette_.function_map);
    for (const char* name : kBuiltinClasses) {
      const std::string_view text = name;
      if (text == "Object") continue;
      const ClassTemplate made = BuiltinClass(text);
      if (text == "Array") palette_.array = made;
      if (text == "Map") palette_.map = made;
      if (text == "Set") palette_.set = made;
      if (text == "Date") palette_.date = made;
      if (text == "Promise") palette_.promise = made;
      if (text == "ArrayBuffer") palette_.array_buffer = made;
      if (text == "Uint8Array") palette_.uint8_array = made;
      if (text == "WeakRef") palette_.weak_ref = made;
      if (text == "WeakMap") weak_map_ = made;
      if (text == "RegExp") palette_.regexp = made;
    }
    palette_.dictionary = palette_.object;
    palette_.dictionary.prototype = palette_.null;
    palette_.dictionary.map = Shape(palette_.null, {}, palette_.undefined);
    MapOf(global_, Shape(palette_.object.prototype, {}, palette_.undefined));
  }

  struct Script {
    BaseNode node;
    BaseNode context;
    BaseNode function_list;
    std::uint32_t id;
    std::uint32_t next_line = 8;
    std::uint32_t functions = 0;
  };

  static std::string ScriptPath(std::uint32_t number) {
    if (number < kScriptPaths.size()) return kScriptPaths[number];
    const std::uint32_t rest = number - static_cast<std::uint32_t>(kScriptPaths.size());
    const std::string package = kPackages[rest % kPackages.size()];
    const std::string file =
        std::string(kWords[(rest * 7) % kWords.size()]) + "-" + std::to_string(rest) + ".js";
    return "/srv/depot/node_modules/" + package + "/lib/" + file;
  }

  FunctionTemplate Function(Script& script, std::string_view name) {
    FunctionTemplate made;
    made.name = Text(name);
    made.shared =
        Add(NodeType::kCode, name.empty() ? "(shared function info)" : name, node24() ? 72 : 56);
    made.scope_info = Add(NodeType::kCode, "system / ScopeInfo", 80);
    LinkIndex(made.scope_info, EdgeType::kHidden, 0, InternalizedString(name));
    LinkIndex(made.scope_info, EdgeType::kHidden, 1, empty_scope_info_);
    MapOf(made.scope_info, scope_info_map_);
    Link(made.shared, EdgeType::kInternal, "name_or_scope_info", made.scope_info);
    Link(made.shared, EdgeType::kInternal, Pick("script_or_debug_info", "script"), script.node);
    const BaseNode bytecode =
        Add(NodeType::kCode, "system / BytecodeArray", 80 + random_.Below(60) * 8);
    const BaseNode pool = Add(NodeType::kCode, "(constant pool)", 64);
    for (std::uint32_t i = 0; i < 3; ++i) {
      LinkSlot(pool, EdgeType::kInternal, i,
               InternalizedString(kWords[random_.Below(kWords.size())]));
    }
    MapOf(bytecode, bytecode_map_);
    LinkIndex(bytecode, EdgeType::kHidden, 1, pool);
    Link(made.shared, EdgeType::kInternal, Pick("function_data", "trusted_function_data"),
         bytecode);
    const BaseNode metadata = Add(NodeType::kCode, "system / FeedbackMetadata", 32);
    MapOf(metadata, feedback_map_);
    Link(made.shared, EdgeType::kInternal, "raw_outer_scope_info_or_feedback_metadata", metadata);
    made.feedback_cell = Add(NodeType::kCode, "system / FeedbackCell", 24);
    Link(made.feedback_cell, EdgeType::kInternal, "value", palette_.undefined);
    MapOf(made.feedback_cell, feedback_map_);
    LinkIndex(script.function_list, EdgeType::kWeak, 2 + script.functions++, made.shared);
    heap_.locations_.push_back({script.id, script.next_line, 2 + random_.Below(40)});
    made.location = static_cast<std::uint32_t>(heap_.locations_.size() - 1);
    script.next_line += 3 + random_.Below(20);
    return made;
  }

  void AddScript(std::uint32_t number) {
    const std::string path = ScriptPath(number);
    Script script{};
    script.id = 10 + number;
    script.node = Add(NodeType::kCode, path, 144);
    const BaseNode source =
        Add(NodeType::kString, "'use strict';\n\n// " + path + "\nconst start = Date.now();\n",
            node24() ? 900 + random_.Below(20000) : 32);
    MapOf(source, palette_.one_byte_map);
    LinkRoot(external_strings_, source);
    Link(script.node, EdgeType::kInternal, "source", source);
    Link(script.node, EdgeType::kInternal, "name", InternalizedString(path));
    script.function_list = Add(NodeType::kCode, "system / WeakFixedArray", 128);
    LinkIndex(script.node, EdgeType::kHidden, 1, script.function_list);
    MapOf(script.node, script_map_);

    const BaseNode scope_info = Add(NodeType::kCode, "system / ScopeInfo", 144);
    MapOf(scope_info, scope_info_map_);
    script.context = Add(NodeType::kObject, "system / Context", 40 + 8 * 10);
    Link(script.context, EdgeType::kInternal, "scope_info", scope_info);
    Link(script.context, EdgeType::kInternal, "previous", native_context_);
    MapOf(script.context, palette_.context_shape);
    if (number == 0) palette_.module_context = script.context;
    palette_.contexts.push_back(script.context);

    // What require() keeps of a script: module and exports.
    const BaseNode exports = Add(NodeType::kObject, "Object", 56);
    Link(exports, EdgeType::kProperty, "__proto__", palette_.object.prototype);
    MapOf(exports, palette_.object.map);
    for (std::uint32_t i = 0; i < 9; ++i) {
      const char* word = kWords[random_.Below(kWords.size())];
      const std::string name =
          i % 4 == 3 ? std::string() : std::string(word) + (i % 2 ? "All" : "One");
      const FunctionTemplate function = Function(script, name);
      palette_.functions.push_back(function);
      const BaseNode closure = Closure(function, name, script.context,
                                       i % 3 ? palette_.compile_lazy : palette_.interpreter_entry);
      Link(script.context, EdgeType::kContext, name.empty() ? word : name, closure);
      if (i % 3 == 0) Link(exports, EdgeType::kProperty, name.empty() ? "default" : name, closure);
      if (i % 5 == 0) LinkRoot(startup_cache_, closure);
    }
    if (number == 0) {
      modules_ = Add(NodeType::kObject, "Object", 24);
      Link(modules_, EdgeType::kProperty, "__proto__", palette_.null);
      MapOf(modules_, palette_.dictionary.map);
      Link(global_, EdgeType::kProperty, "moduleCache", modules_);
    }
    const BaseNode module = Add(NodeType::kObject, "Module", 80);
    Link(module, EdgeType::kProperty, "exports", exports);
    Link(module, EdgeType::kProperty, "filename", InternalizedString(path));
    Link(module, EdgeType::kProperty, "loaded", palette_.true_value);
    Link(module, EdgeType::kProperty, "__proto__", palette_.object.prototype);
    MapOf(module, palette_.object.map);
    Link(modules_, EdgeType::kProperty, path, module);
    scripts_.push_back(script);
  }

  ClassTemplate Class(ScriptNumber where, std::string_view name,
                      const std::vector<std::string>& properties) {
    Script& script = scripts_.at(where);
    const FunctionTemplate function = Function(script, name);
    ClassTemplate made;
    made.name = Text(name);
    made.location = function.location;
    made.prototype = Add(NodeType::kObject, "Object", 24);
    const BaseNode initial = Shape(made.prototype, {}, palette_.undefined);
    BaseNode map = initial;
    std::vector<std::string> grown;
    for (const std::string& property : properties) {
      grown.push_back(property);
      map = Shape(made.prototype, grown, map);
    }
    made.map = map;
    const BaseNode constructor =
        Closure(function, name, script.context, palette_.interpreter_entry);
    Link(constructor, EdgeType::kProperty, "prototype", made.prototype);
    Link(constructor, EdgeType::kInternal, "initial_map", initial);
    Link(made.prototype, EdgeType::kProperty, "constructor", constructor);
    Link(made.prototype, EdgeType::kProperty, "__proto__", palette_.object.prototype);
    MapOf(made.prototype, Shape(palette_.object.prototype, {"constructor"}, palette_.undefined));
    Link(script.context, EdgeType::kContext, name, constructor);
    return made;
  }

  // An object of a class of which there is one only.
  BaseNode Single(const ClassTemplate& of, std::uint64_t self_size) {
    const BaseNode node = Add(NodeType::kObject, heap_.strings_[of.name.value], self_size);
    heap_.nodes_[node].location = of.location;
    Link(node, EdgeType::kProperty, "__proto__", of.prototype);
    MapOf(node, of.map);
    return node;
  }

  void AddApplication() {
    Palette& p = palette_;
    p.cache_entry = Class(kCacheScript, "CacheEntry", {"key", "value", "newer", "older"});
    p.request = Class(
        kServerScript, "Request",
        {"url", "method", "headers", "account", "parcels", "history", "channel", "startedAt"});
    p.account = Class(kOrdersScript, "Account", {"name", "email", "address", "roles", "token"});
    p.address = Class(kOrdersScript, "Address", {"street", "city", "geo"});
    p.parcel = Class(kParcelsScript, "Parcel", {"request", "label", "weight", "note"});
    p.channel = Class(kServerScript, "Channel", {"_events", "_maxListeners", "owner"});
    p.tree_node = Class(kParcelsScript, "RouteNode", {"left", "right", "cost"});
    p.sample = Class(kSamplerScript, "RequestSample", {"path", "labels", "timer", "takenAt"});
    p.sample_timer = Class(kSamplerTimerScript, "SampleTimer", {"sample", "onTick"});
    p.buffer = p.uint8_array;
    p.buffer.name = Text("Buffer");
    p.buffer.map = Shape(p.uint8_array.prototype, {}, p.uint8_array.map);
    p.on_data = Function(scripts_[kServerScript], "onData");
    p.on_close = Function(scripts_[kServerScript], "");
    p.on_sample = Function(scripts_[kSamplerTimerScript], "onTick");
    p.resolve = NativeFunction("");
    p.reject = NativeFunction("");

    const ClassTemplate cache_class = Class(kCacheScript, "Cache", {"map", "head", "tail"});
    const ClassTemplate app_class =
        Class(kServerScript, "Application", {"cache", "requests", "profiles"});
    const ClassTemplate store_class = Class(kSamplerScript, "SampleStore", {"samples"});
    const BaseNode app = Single(app_class, 56);
    Link(global_, EdgeType::kProperty, "application", app);
    const BaseNode cache = Single(cache_class, 48);
    Link(app, EdgeType::kProperty, "cache", cache);
    const BaseNode map = Single(p.map, 32);
    Link(cache, EdgeType::kProperty, "map", map);
    const BaseNode table = Add(NodeType::kArray, "", 0);
    Link(map, EdgeType::kInternal, "table", table);
    MapOf(table, p.ordered_table_map);
    Wide(table, WideKind::kCacheTable);
    Link(app, EdgeType::kProperty, "requests", List(WideKind::kRequestList));
    const BaseNode profiles = Single(weak_map_, 32);
    Link(app, EdgeType::kProperty, "profiles", profiles);
    const BaseNode profile_table = Add(NodeType::kArray, "", 0);
    Link(profiles, EdgeType::kInternal, "table", profile_table);
    MapOf(profile_table, p.fixed_array_map);
    Wide(profile_table, WideKind::kProfileTable);
    const BaseNode store = Single(store_class, 32);
    Link(scripts_[kSamplerScript].context, EdgeType::kContext, "defaultStore", store);
    Link(store, EdgeType::kProperty, "samples", List(WideKind::kSampleList));
    Link(app, EdgeType::kProperty, "exportTexts", List(WideKind::kLongStrings));
    Wide(global_handles_, WideKind::kHandles);
    Wide(stack_roots_, WideKind::kStackObjects);
  }

  void Wide(BaseNode node, WideKind kind) { heap_.wide_nodes_.push_back({node, kind}); }

  // A JavaScript array whose elements are made while the file is written.
  BaseNode List(WideKind kind) {
    const BaseNode list = Single(palette_.array, 32);
    const BaseNode elements = Add(NodeType::kArray, "(object elements)", 0);
    Link(list, EdgeType::kInternal, "elements", elements);
    Wide(list, kind);
    heap_.wide_nodes_.push_back({elements, kind, true});
    return list;
  }

  ShapeTemplate PlainShape(const std::vector<std::string>& properties) {
    ShapeTemplate made;
    BaseNode map = palette_.object.map;
    std::vector<std::string> grown;
    std::string key;
    for (const std::string& property : properties) {
      grown.push_back(property);
      key += property + ',';
      const auto [at, is_new] = shape_maps_.try_emplace(key, 0);
      if (is_new) at->second = Shape(palette_.object.prototype, grown, map);
      map = at->second;
      made.properties.push_back(Text(property));
    }
    made.map = map;
    return made;
  }

  void AddShapes(std::uint32_t script_count) {
    palette_.headers = PlainShape({"host", "accept", "agent", "cookie"});
    palette_.geo = PlainShape({"latitude", "longitude"});
    palette_.note = PlainShape({"text", "weight", "fragile"});
    palette_.event = PlainShape({"at", "by", "what"});
    palette_.settings = PlainShape({"trace", "locale"});
    palette_.profile = PlainShape({"request", "visits", "seen"});
    const std::uint32_t count = 20 + script_count;
    for (std::uint32_t i = 0; i < count; ++i) {
      std::vector<std::string> properties;
      const std::uint32_t length = 1 + random_.Below(5);
      for (std::uint32_t k = 0; k < length; ++k) {
        const std::string word = kWords[random_.Skewed(kWords.size())];
        bool known = false;
        for (const std::string& property : properties) known |= property == word;
        if (!known) properties.push_back(word);
      }
      palette_.shapes.push_back(PlainShape(properties));
    }
  }

  // C++ objects of Node. Up to Node 23 some of them are marked detached.
  void AddEmbedderObjects() {
    Wide(root_, WideKind::kNativeRoots);
    const BaseNode environment =
        Add(NodeType::kSynthetic, "Node / Environment", node24() ? 2800 : 2568);
    heap_.nodes_[environment].embedder = true;
    LinkIndex(root_, EdgeType::kElement, 3, environment);
    constexpr std::array kNames = {"Node / BindingData",         "Node / ModuleWrap",
                                   "Node / AliasedFloat64Array", "Node / TCPServerWrap",
                                   "Node / std::basic_string",   "Node / TickInfo"};
    for (std::uint32_t i = 0; i < kNames.size(); ++i) {
      const BaseNode node = Add(NodeType::kNative, kNames[i], 24 + 16 * i);
      heap_.nodes_[node].embedder = true;
      if (!node24() && i < 2) heap_.nodes_[node].detachedness = 2;
      Link(environment, EdgeType::kInternal, std::string("field_") + std::to_string(i), node);
      if (i % 2 == 0) Link(node, EdgeType::kInternal, "javascript_to_native", native_context_);
    }
  }

  // Interned texts have a root edge already; the rest is a number of strings that only the
  // handle scopes hold.
  void NameRemainingRoots() {
    for (int i = 0; i < 20; ++i) {
      const BaseNode text = Add(NodeType::kString, fmt::format("scratch {}", i), 32);
      MapOf(text, palette_.one_byte_map);
      LinkRoot(handle_scope_, text);
    }
    // Reached by a weak edge alone: every real snapshot from Node 24 on has a few such nodes.
    const BaseNode orphan = Add(NodeType::kHidden, "system / WeakCell", 32);
    MapOf(orphan, palette_.weak_cell_map);
    LinkIndex(scripts_[0].function_list, EdgeType::kWeak, 99, orphan);
  }

  BaseHeap& heap_;
  Random random_;
  Palette& palette_;
  std::unordered_map<std::string, BaseNode> internalized_;
  std::unordered_map<std::string, BaseNode> shape_maps_;
  std::vector<Script> scripts_;
  BaseNode root_ = 0, gc_roots_ = 0, builtins_ = 0, compilation_cache_ = 0, extensions_ = 0,
           eternal_handles_ = 0, external_strings_ = 0, global_handles_ = 0, handle_scope_ = 0,
           read_only_roots_ = 0, stack_roots_ = 0, startup_cache_ = 0, internalized_strings_ = 0,
           strong_roots_ = 0;
  BaseNode scope_info_map_ = 0, bytecode_map_ = 0, code_map_ = 0, script_map_ = 0,
           feedback_map_ = 0, oddball_map_ = 0, symbol_map_ = 0;
  BaseNode hole_ = 0, empty_scope_info_ = 0, many_closures_cell_ = 0, empty_array_ = 0;
  BaseNode native_context_ = 0, global_ = 0, modules_ = 0;
  ClassTemplate weak_map_;
};

BaseHeap::BaseHeap(Layout layout, std::uint64_t seed, std::uint32_t script_count)
    : layout_(layout) {
  BaseHeapBuilder(*this, seed).Build(script_count);
}

Label BaseHeap::AddLabel(std::string_view text) {
  const auto [at, is_new] =
      string_index_.try_emplace(std::string(text), static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.emplace_back(text);
  return {Label::Kind::kBase, at->second};
}

}  // namespace leaktrail::bench
