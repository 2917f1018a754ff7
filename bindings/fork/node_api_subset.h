// The few functions of Node-API that the module calls, declared here.
//
// Node-API is a C interface that does not change: these declarations hold for Node 8 to 26 and need
// no headers of Node to be installed. Names and values are those of js_native_api.h, version 1.
#pragma once

#include <stddef.h>
#include <stdint.h>

extern "C" {

struct napi_env__;
struct napi_value__;
struct napi_callback_info__;
using napi_env = napi_env__*;
using napi_value = napi_value__*;
using napi_callback_info = napi_callback_info__*;
using napi_callback = napi_value (*)(napi_env, napi_callback_info);
using napi_status = int;  // an enum there
inline constexpr napi_status kNapiOk = 0;
inline constexpr size_t kNapiAutoLength = SIZE_MAX;

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* argc, napi_value* argv,
                             napi_value* this_arg, void** data);
napi_status napi_create_function(napi_env env, const char* name, size_t length, napi_callback f,
                                 void* data, napi_value* result);
napi_status napi_set_named_property(napi_env env, napi_value object, const char* name,
                                    napi_value value);
napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length,
                                    napi_value* result);
napi_status napi_get_value_string_utf8(napi_env env, napi_value value, char* buffer, size_t size,
                                       size_t* result);
napi_status napi_create_int32(napi_env env, int32_t value, napi_value* result);
napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t* result);
napi_status napi_get_undefined(napi_env env, napi_value* result);
napi_status napi_call_function(napi_env env, napi_value receiver, napi_value function, size_t argc,
                               const napi_value* argv, napi_value* result);

}  // extern "C"
