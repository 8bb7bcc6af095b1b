package db_test

import (
	"fmt"
	"sync"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/rules"
)

// Joined collections are read under the rights of the caller: there is no side
// door.
func TestAggregateJoinsUnderTheCallersRights(t *testing.T) {
	t.Parallel()
	e := openWith(t, "open", "own", "shut")
	for name, mode := range map[string]rules.Mode{"open": rules.AdminWrite, "own": rules.Private, "shut": rules.AdminOnly} {
		must(t, e.SetMode(t.Context(), admin, name, mode))
		insert(t, e, name, `{"_id":"1","k":1,"_openid":"alice"}`, `{"_id":"2","k":1,"_openid":"bob"}`)
	}
	alice := rules.Principal{Role: rules.User, UID: "u1", OpenID: "alice"}

	wantAggregated(t, e, alice, "open", `[{"$count":"n"}]`, `[{"n":2}]`)
	wantAggregated(t, e, alice, "own", `[{"$project":{"k":1}}]`, `[{"_id":"1","k":1}]`)
	for _, stages := range []string{
		`[{"$limit":1},{"$lookup":{"from":%q,"localField":"k","foreignField":"k","as":"r"}},{"$project":{"r":"$r._id"}}]`,
		`[{"$limit":1},{"$lookup":{"from":%q,"localField":"_id","foreignField":"_id","as":"x"}},{"$lookup":{"from":%[1]q,"localField":"k","foreignField":"k","as":"r"}},{"$project":{"r":"$r._id"}}]`,
		`[{"$limit":1},{"$lookup":{"from":%q,"pipeline":[],"as":"r"}},{"$project":{"r":"$r._id"}}]`,
		`[{"$limit":1},{"$lookup":{"from":%q,"let":{"k":"$k"},"pipeline":[{"$match":{"$expr":{"$eq":["$k","$$k"]}}}],"as":"r"}},{"$project":{"r":"$r._id"}}]`,
		`[{"$limit":1},{"$lookup":{"from":"open","pipeline":[{"$limit":1},{"$lookup":{"from":%q,"localField":"k","foreignField":"k","as":"r"}}],"as":"x"}},{"$unwind":"$x"},{"$project":{"r":"$x.r._id"}}]`,
		`[{"$limit":1},{"$graphLookup":{"from":%q,"startWith":"$k","connectFromField":"k","connectToField":"k","as":"r"}},{"$project":{"r":"$r._id"}}]`,
		`[{"$limit":1},{"$facet":{"x":[{"$lookup":{"from":%q,"localField":"k","foreignField":"k","as":"r"}}]}},{"$unwind":"$x"},{"$project":{"_id":"1","r":"$x.r._id"}}]`,
		`[{"$limit":1},{"$match":{"none":1}},{"$unionWith":%q},{"$group":{"_id":"1","r":{"$push":"$_id"}}}]`,
	} {
		wantAggregated(t, e, alice, "open", fmt.Sprintf(stages, "own"), `[{"_id":"1","r":["1"]}]`)
		wantAggregated(t, e, admin, "open", fmt.Sprintf(stages, "own"), `[{"_id":"1","r":["1","2"]}]`)
		_, err := e.Aggregate(t.Context(), alice, db.AggregateRequest{Collection: "open", Stages: pipeline(t, fmt.Sprintf(stages, "shut"))})
		wantCode(t, err, fault.DatabaseDenied, "ADMINONLY")
		_, err = e.Aggregate(t.Context(), alice, db.AggregateRequest{Collection: "open", Stages: pipeline(t, fmt.Sprintf(stages, "sys.functions"))})
		wantCode(t, err, fault.InvalidParam, "collectionName")
	}
	_, err := e.Aggregate(t.Context(), alice, db.AggregateRequest{Collection: "shut"})
	wantCode(t, err, fault.DatabaseDenied, "ADMINONLY")
	_, err = e.Aggregate(t.Context(), rules.Principal{Role: rules.Nobody}, db.AggregateRequest{Collection: "open"})
	wantCode(t, err, fault.DatabaseDenied, "log in first")
	for _, stages := range []string{`[{"$collStats":{"count":{}}}]`, `[{"$indexStats":{}}]`} {
		_, err = e.Aggregate(t.Context(), alice, db.AggregateRequest{Collection: "open", Stages: pipeline(t, stages)})
		wantCode(t, err, fault.DatabaseDenied, "")
	}
}

func TestAggregateDescribesACollection(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":"1","k":1}`, `{"_id":"2","k":2}`)
	must(t, e.CreateIndex(t.Context(), admin, "c", db.IndexSpec{Keys: []db.IndexKey{{Path: "k", Kind: plan.Desc}}}))
	must(t, e.WaitIndex(t.Context(), admin, "c", "k_-1"))
	wantAggregated(t, e, admin, "c", `[{"$collStats":{"count":{},"storageStats":{}}},{"$project":{"ns":1,"count":1,"n":"$storageStats.nindexes"}}]`, `[{"ns":"c","count":2,"n":3}]`)
	wantAggregated(t, e, admin, "c", `[{"$indexStats":{}},{"$match":{"name":{"$ne":"_openid_1"}}},{"$project":{"name":1,"key":1,"entries":1}}]`,
		`[{"name":"_id_","key":{"_id":1},"entries":2},{"name":"k_-1","key":{"k":-1},"entries":2}]`)
}

// The first $match and $sort of a pipeline, and joins, use indexes.
func TestAggregateUsesIndexes(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "users")
	for i := range 300 {
		insert(t, e, "c", fmt.Sprintf(`{"_id":"c%03d","n":%d,"u":"u%d"}`, i, i, i%10))
		insert(t, e, "users", fmt.Sprintf(`{"_id":"u%03d","name":"u%d"}`, i, i))
	}
	both := func(stages string) (plain, indexed string) {
		plain = aggregated(t, e, admin, "c", stages)
		must(t, e.CreateIndex(t.Context(), admin, "c", db.IndexSpec{Name: "n", Keys: []db.IndexKey{{Path: "n"}}}))
		must(t, e.CreateIndex(t.Context(), admin, "users", db.IndexSpec{Name: "name", Keys: []db.IndexKey{{Path: "name"}}}))
		must(t, e.WaitIndex(t.Context(), admin, "c", "n"))
		must(t, e.WaitIndex(t.Context(), admin, "users", "name"))
		indexed = aggregated(t, e, admin, "c", stages)
		must(t, e.DropIndex(t.Context(), admin, "c", "n"))
		must(t, e.DropIndex(t.Context(), admin, "users", "name"))
		return plain, indexed
	}
	db.SetViewBound(e, 7)
	for _, stages := range []string{
		`[{"$match":{"n":{"$gte":290}}},{"$project":{"n":1}}]`,
		`[{"$match":{"n":{"$gte":100}}},{"$sort":{"n":-1}},{"$skip":5},{"$limit":3}]`,
		`[{"$sort":{"n":1}},{"$limit":20},{"$lookup":{"from":"users","localField":"u","foreignField":"name","as":"r"}}]`,
		`[{"$match":{"n":{"$lt":15}}},{"$lookup":{"from":"users","let":{"u":"$u"},"pipeline":[{"$match":{"$expr":{"$eq":["$name","$$u"]}}},{"$project":{"name":1}}],"as":"r"}}]`,
		`[{"$sort":{"n":1}},{"$group":{"_id":"$u","first":{"$first":"$n"}}},{"$sort":{"_id":1}}]`,
	} {
		if plain, indexed := both(stages); plain != indexed {
			t.Errorf("%s\nindexed %.500s\n  plain %.500s", stages, indexed, plain)
		}
	}
}

// Pipelines that would need too much end with an error that says so, and leave
// the engine as it was.
func TestAggregateEndsWhatNeedsTooMuch(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	var list []string
	for i := range 2000 {
		list = append(list, fmt.Sprintf(`{"_id":"%d","n":%d,"k":1,"text":"%0100d"}`, i, i, i))
	}
	insert(t, e, "c", list...)
	db.SetPipelineBudget(e, 100_000, 200_000)
	for _, tc := range []struct{ stages, text string }{
		{`[{"$group":{"_id":"$n"}}]`, "$group holds more than"},
		{`[{"$group":{"_id":null,"all":{"$push":"$$ROOT"}}}]`, "$group holds more than"},
		{`[{"$group":{"_id":null,"all":{"$addToSet":"$text"}}}]`, "$group holds more than"},
		{`[{"$addFields":{"m":{"$mod":["$n",10]}}},{"$sort":{"m":1}}]`, "$sort holds more than"},
		{`[{"$facet":{"a":[{"$match":{}}]}}]`, "$facet holds more than"},
		{`[{"$bucketAuto":{"groupBy":"$n","buckets":2}}]`, "$bucketAuto holds more than"},
		{`[{"$sample":{"size":2000}}]`, "$sample holds more than"},
		{`[{"$lookup":{"from":"c","localField":"k","foreignField":"k","as":"r"}}]`, "$lookup holds more than"},
		{`[{"$match":{"n":1}},{"$lookup":{"from":"c","pipeline":[],"as":"r"}}]`, "$lookup holds more than"},
		{`[{"$match":{"n":1}},{"$graphLookup":{"from":"c","startWith":1,"connectFromField":"k","connectToField":"k","as":"r"}}]`, "$graphLookup holds more than"},
	} {
		_, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: pipeline(t, tc.stages)})
		wantCode(t, err, fault.ResultTooLarge, tc.text)
	}
	for _, stages := range []string{ // what streams does not care how much there is
		`[{"$group":{"_id":"$k","s":{"$sum":"$n"}}}]`,
		`[{"$addFields":{"z":1}},{"$sort":{"z":1,"n":-1}},{"$limit":5}]`,
		`[{"$match":{"n":{"$lt":300}}},{"$lookup":{"from":"c","localField":"_id","foreignField":"_id","as":"r"}},{"$unwind":"$r"},{"$count":"n"}]`,
		`[{"$match":{"n":{"$lt":5}}},{"$lookup":{"from":"c","localField":"k","foreignField":"k","as":"r"}},{"$unwind":"$r"},{"$limit":10}]`,
	} {
		if _, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: pipeline(t, stages)}); err != nil &&
			!fault.Is(err, fault.ResultTooLarge) {
			t.Errorf("%s: %v", stages, err)
		}
	}
	db.SetPipelineBudget(e, 100<<20, 128<<20)
	db.SetResultBounds(e, 10_000, 32<<20)
	_, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c"})
	wantCode(t, err, fault.ResultTooLarge, "too large for one answer")
}

// A pipeline of stages that multiply ends with the time of the request.
func TestAggregateEndsWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	insert(t, e, "c", `{"_id":"1","a":[1,2,3,4,5,6,7,8,9,10]}`)
	stages := `[`
	for i := range 9 {
		stages += fmt.Sprintf(`{"$addFields":{"x%d":"$a"}},{"$unwind":"$x%d"},`, i, i)
	}
	stages += `{"$count":"n"}]`
	db.SetSearchTime(e, 50)
	_, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{Collection: "c", Stages: pipeline(t, stages)})
	wantCode(t, err, fault.ServerTimeout, "did not finish in time")
}

// While documents are written, a pipeline sees each as it was before or after.
func TestAggregateBesideWriters(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "d")
	for i := range 50 {
		insert(t, e, "c", fmt.Sprintf(`{"_id":"%d","a":1,"b":-1}`, i))
		insert(t, e, "d", fmt.Sprintf(`{"_id":"%d"}`, i))
	}
	db.SetViewBound(e, 5)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			q := db.UpdateRequest{Collection: "c", Query: dbtest.Doc(t, fmt.Sprintf(`{"_id":"%d"}`, i%50)), Update: dbtest.Doc(t, `{"$inc":{"a":1,"b":-1}}`)}
			if _, err := e.Update(t.Context(), admin, q); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 40 {
		wantAggregated(t, e, admin, "c", `[{"$lookup":{"from":"d","localField":"_id","foreignField":"_id","as":"d"}},{"$unwind":"$d"},{"$group":{"_id":null,"n":{"$sum":1},"s":{"$sum":{"$add":["$a","$b"]}}}}]`,
			`[{"_id":null,"n":50,"s":0}]`)
	}
	close(stop)
	wg.Wait()
}

// The score of a text search reaches the stages behind it.
func TestAggregateScoresTexts(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c", "d")
	insert(t, e, "c", `{"_id":"1","s":"red red apple"}`, `{"_id":"2","s":"green pear"}`, `{"_id":"3","s":"apple"}`)
	insert(t, e, "d", `{"_id":"1"}`)
	must(t, e.CreateIndex(t.Context(), admin, "c", db.IndexSpec{Name: "t", Keys: []db.IndexKey{{Path: "s", Kind: plan.Text}}}))
	must(t, e.WaitIndex(t.Context(), admin, "c", "t"))
	const scored = `{"$project":{"found":{"$gt":[{"$meta":"textScore"},0]}}}`
	wantAggregated(t, e, admin, "c", `[{"$match":{"$text":{"$search":"apple"}}},{"$sort":{"s":{"$meta":"textScore"}}},`+scored+`]`,
		`[{"_id":"3","found":true},{"_id":"1","found":true}]`)
	wantAggregated(t, e, admin, "c", `[{"$match":{"$text":{"$search":"apple"}}},`+scored+`,{"$lookup":{"from":"d","localField":"_id","foreignField":"_id","as":"d"}},{"$sort":{"_id":1}}]`,
		`[{"_id":"1","found":true,"d":[{"_id":"1"}]},{"_id":"3","found":true,"d":[]}]`)
	_, err := e.Aggregate(t.Context(), admin, db.AggregateRequest{
		Collection: "c", Stages: pipeline(t, `[{"$match":{"$text":{"$search":"apple"}}},{"$unwind":"$s"},{"$sort":{"s":{"$meta":"textScore"}}}]`),
	})
	wantCode(t, err, fault.DatabaseFailed, "directly behind")
}
